"""A configuration that fits together becomes settings; nothing in them shows a secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.targets.settings import StoredgeSettings, TravtusSettings
from flows.config_errors import ConfigError
from flows.settings import Pipeline, Settings, load, load_shared
from flows.written import show
from transforms.guardrails import Guardrails
from transforms.mapping import Mapping

EXAMPLE = (Path(__file__).parent / "design_example.yaml").read_text(encoding="utf-8")
ENVIRON = {
    "STOREDGE_ACCESS_ID": "a" * 40,
    "STOREDGE_SECRET_KEY": "b" * 40,
    "TRAVTUS_CLIENT_ID": "client-of-travtus",
    "TRAVTUS_CLIENT_SECRET": "secret-of-travtus",
}
TRAVTUS_ONLY = {name: value for name, value in ENVIRON.items() if "TRAVTUS" in name}


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The example of DESIGN 4, as a file."""
    file = tmp_path / "unitsync.yaml"
    file.write_text(EXAMPLE, encoding="utf-8")
    return file


def storage_of(settings: Settings) -> tuple[Pipeline, StoredgeSettings]:
    """The storage pipeline and its target."""
    pipeline = settings.pipelines["storage"]
    assert isinstance(pipeline.target, StoredgeSettings)
    return pipeline, pipeline.target


def edited(file: Path, old: str, new: str) -> Path:
    """The example with one change."""
    assert old in EXAMPLE
    file.write_text(EXAMPLE.replace(old, new, 1), encoding="utf-8")
    return file


def test_the_example_of_the_design_is_accepted_as_it_means(example: Path) -> None:
    """Both pipelines of DESIGN 4 load, with every value where it belongs."""
    settings = load(example, environ=ENVIRON)

    assert (settings.state, settings.reports) == (
        example.parent / "unitsync.db",
        example.parent / "reports",
    )
    assert settings.schedule.timezone == "America/New_York"
    assert tuple(settings.pipelines) == settings.names == ("storage", "apartments")
    pipeline, target = storage_of(settings)
    assert (pipeline.scope.column, pipeline.key, pipeline.missing) == ("SiteID", "UnitID", "report")
    assert pipeline.fields["width"].column == "dcWidth"
    assert target.secret_key.get_secret_value() == "b" * 40
    assert pipeline.guardrails == Guardrails(max_rate_change=0.3)
    assert settings.warnings == ()


def test_value_tables_keep_their_keys_as_they_are_written(example: Path) -> None:
    """`{0: none}`, `{true: indoor}` and `{Y: true}` look up the text of a cell."""
    pipelines = load(example, environ=ENVIRON).pipelines

    assert pipelines["storage"].fields["door_type"].values == {
        "0": "none",
        "1": "roll_up",
        "2": "swing",
    }
    assert pipelines["storage"].fields["access_type"].values == {
        "true": "indoor",
        "false": "outdoor",
    }
    assert pipelines["apartments"].fields["has_flex_wall"].values == {"Y": True, "N": False}


def test_the_defaults_are_those_of_the_design_and_the_contracts(example: Path) -> None:
    """What a configuration leaves out is decided here, and nowhere else."""
    settings = load(example, environ=ENVIRON)

    _, storedge = storage_of(settings)
    travtus = settings.pipelines["apartments"].target
    assert isinstance(travtus, TravtusSettings)
    assert (storedge.batch_size, storedge.concurrency) == (50, 2)
    assert (storedge.requests_per_second, storedge.timeout) == (10, 120)
    assert (travtus.requests_per_second, travtus.timeout) == (50, 60)
    assert travtus.token_url == "https://api.travtus.com/oauth2/token"
    assert settings.pipelines["apartments"].guardrails == Guardrails(
        max_missing=0.1, max_updates=0.5, max_rejected=0.2, max_rate_change=None, at_least=20
    )


def test_only_the_pipelines_that_are_asked_for_need_their_variables(example: Path) -> None:
    """A night of one pipeline does not need the credentials of the other."""
    settings = load(example, ["apartments"], environ=TRAVTUS_ONLY)

    assert tuple(settings.pipelines) == ("apartments",)
    assert settings.names == ("storage", "apartments")


@pytest.mark.parametrize("named", [None, (), []])
def test_naming_no_pipeline_means_all_of_them(named: list[str] | None, example: Path) -> None:
    """`unitsync sync` without a name can never quietly sync nothing."""
    assert tuple(load(example, named, environ=ENVIRON).pipelines) == ("storage", "apartments")


def test_the_state_can_be_looked_at_without_any_credential(example: Path) -> None:
    """`runs` and `why` need the place of the state, and no variable."""
    settings = load_shared(example, environ={})

    assert settings.state == example.parent / "unitsync.db"
    assert settings.pipelines == {}
    assert settings.names == ("storage", "apartments")


def test_the_mapping_holds_nothing_of_the_target(example: Path) -> None:
    """A larger batch or a new key is no new mapping, so it resends nothing."""
    pipeline, _ = storage_of(load(example, environ=ENVIRON))

    mapping = pipeline.mapping

    assert type(mapping) is Mapping
    assert set(mapping.model_dump()) == {
        "scope",
        "key",
        "fields",
        "groups",
        "decimal",
        "ignore",
    }
    assert mapping.fields == pipeline.fields
    assert mapping.groups == pipeline.groups


def test_settings_never_show_a_secret(example: Path) -> None:
    """Neither printing settings nor dumping a pipeline shows a credential."""
    settings = load(example, environ=ENVIRON)

    shown = repr(settings) + str(settings.pipelines["storage"].model_dump())
    assert [value for value in ENVIRON.values() if value in shown] == []


def test_settings_cannot_be_changed(example: Path) -> None:
    """Settings are read once; nobody tinkers with them on the way."""
    pipeline, _ = storage_of(load(example, environ=ENVIRON))

    with pytest.raises(ValidationError):
        pipeline.missing = "retire"


def test_quotes_and_blanks_around_a_key_are_removed_and_told(example: Path) -> None:
    """A pasted key works; a sentence says what was wrong with it, without showing it."""
    environ = {**ENVIRON, "STOREDGE_SECRET_KEY": f' "{"b" * 40}"\r'}

    settings = load(example, environ=environ)

    assert storage_of(settings)[1].secret_key.get_secret_value() == "b" * 40
    assert settings.warnings == (
        "pipelines.storage.target.secret_key: blanks, line ends or quotes around it were removed",
    )


def test_a_key_of_an_unusual_length_is_accepted_and_told(example: Path) -> None:
    """40 characters are what a caller saw, not what the vendor says: a warning, no error."""
    settings = load(example, environ={**ENVIRON, "STOREDGE_ACCESS_ID": "a" * 39})

    assert settings.warnings == (
        "pipelines.storage.target.access_id has 39 characters; storEDGE keys have 40",
    )


def test_the_keys_of_a_sandbox_may_be_short(example: Path) -> None:
    """http on this very machine is allowed, and its keys are of any length."""
    file = edited(example, "https://api.storedgefms.com", "http://127.0.0.1:8001/storedge/")

    settings = load(file, environ={**ENVIRON, "STOREDGE_ACCESS_ID": "demo"})

    assert storage_of(settings)[1].base_url == "http://127.0.0.1:8001/storedge"
    assert settings.warnings == ()


def test_numbers_and_booleans_may_come_from_the_environment(example: Path) -> None:
    """A variable is text; a setting that wants a number or a boolean reads it."""
    file = edited(
        example, "tiered_pricing: false", "batch_size: ${SIZE}\n      tiered_pricing: ${T}"
    )
    file.write_text(file.read_text().replace("max_missing: 10%", "max_missing: '${SHARE}'"))
    environ = {**ENVIRON, "SIZE": "25", "T": "no", "SHARE": "12.5%"}

    pipeline, target = storage_of(load(file, environ=environ))

    assert (target.batch_size, target.tiered_pricing) == (25, False)
    assert pipeline.guardrails.max_missing == 0.125


def test_a_variable_may_be_a_part_of_a_value(example: Path) -> None:
    """Several placeholders and an escaped one in one text."""
    file = edited(example, "path: storage_units.csv", "path: '${A}/${B}/$${C}.csv'")

    pipeline, _ = storage_of(load(file, environ={**ENVIRON, "A": "x", "B": "y"}))

    assert pipeline.source.path == "x/y/${C}.csv"


def test_a_message_of_another_room_hides_expanded_values_too(example: Path) -> None:
    """A regular expression from a variable is broken: the message shows the placeholder."""
    file = edited(example, "floor: iFloor", "floor: {column: x, extract: '${PATTERN}'}")

    with pytest.raises(ConfigError) as caught:
        load(file, environ={**ENVIRON, "PATTERN": "(hidden"})

    assert "hidden" not in str(caught.value)
    assert "'${PATTERN}' is not a regular expression" in caught.value.problems[0].found


@pytest.mark.parametrize("missing", ["state: unitsync.db", "reports: reports/"])
def test_where_things_are_kept_has_a_default(missing: str, example: Path) -> None:
    """The state and the reports lie beside the configuration unless it says otherwise."""
    settings = load(edited(example, missing, ""), environ=ENVIRON)

    assert settings.state == example.parent / "unitsync.db"
    assert settings.reports == example.parent / "reports"


def test_an_absolute_state_stays_where_it_is(example: Path, tmp_path: Path) -> None:
    """Only relative paths start at the configuration."""
    elsewhere = tmp_path / "elsewhere" / "unitsync.db"

    settings = load(edited(example, "state: unitsync.db", f"state: {elsewhere}"), environ=ENVIRON)

    assert settings.state == elsewhere


def test_a_problem_found_later_still_has_its_place(example: Path) -> None:
    """A column that the source lacks is told like any other mistake."""
    settings = load(example, environ=ENVIRON)

    problem = settings.problem("pipelines.storage.fields.width", 'no column "dcWidth"')
    inner = settings.problem("pipelines.storage.fields.width.column", "x")

    assert (problem.line, problem.column) == (19, 7)
    assert (inner.line, inner.column) == (19, 7)


@pytest.mark.parametrize(
    ("written", "fraction"),
    [
        ("10%", 0.1),
        ("0%", 0.0),
        ("100%", 1.0),
        ("12.5 %", 0.125),
        (0.1, 0.1),
        ("0.1", 0.1),
        (0, 0.0),
        (None, None),
    ],
)
def test_a_share_is_a_percentage_a_fraction_or_off(
    written: str | float | None, fraction: float | None
) -> None:
    """All the ways of writing a share mean what they say."""
    guardrails = Guardrails.model_validate({"max_missing": written})

    assert guardrails.max_missing == fraction


@pytest.mark.parametrize(
    "written", [1, 1.0, "1", 30, -0.1, "-5%", "101%", True, "ten", "", "nan", "inf", [], {}]
)
def test_a_share_that_could_be_misunderstood_is_refused(written: object) -> None:
    """Neither 1 (1% or 100%?) nor anything out of range becomes a threshold."""
    with pytest.raises(ValidationError):
        Guardrails.model_validate({"max_updates": written})


@given(percent=st.integers(0, 1000))
def test_a_rate_may_change_by_up_to_ten_times(percent: int) -> None:
    """A rate can more than double, so its guardrail goes beyond 100%."""
    guardrails = Guardrails.model_validate({"max_rate_change": f"{percent}%"})

    assert guardrails.max_rate_change == pytest.approx(percent / 100)


@given(name=st.text("abc", min_size=1), password=st.text("xyz0", min_size=1))
def test_an_address_is_shown_without_its_password(name: str, password: str) -> None:
    """Whatever message quotes an address, the password in it is gone."""
    assert show(f"sftp://{name}:{password}@host/units.csv") == '"sftp://…@host/units.csv"'
