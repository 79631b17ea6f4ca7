"""The whole of a source in parts: every row once, every scope whole, however the chunks fall."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import SourceUnreadable
from connectors.sources import by_scope as module
from connectors.sources.by_scope import Extract, by_scope
from connectors.sources.extract import Chunk, Chunks, Malformed, chunk
from connectors.sources.shelf import NO_FILE, Shelf
from tests.connectors.sources.whole import sites as sites_of

SITES = st.sampled_from(["F1", " F1 ", "F2", "F3", "", "  "])


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with Shelf() as made:
        yield made


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is read is larger than memory, and every bucket is a part."""
    monkeypatch.setattr(module, "HELD_BYTES", 0)
    monkeypatch.setattr(module, "PART_ROWS", 1)


def chunks(*each: Chunk) -> Chunks:
    return Chunks("units.csv", iter(each))


def sites(first: int, names: Sequence[str | None], **columns: Sequence[str | None]) -> Chunk:
    """A chunk of one row for each site, numbered from `first`."""
    ids = [f"u{first + place}" for place in range(len(names))]
    return chunk({"site": names, "id": ids, **columns}, range(first, first + len(names)))


def rows(frames: Sequence[pd.DataFrame]) -> dict[int, str]:
    """The ids by row; fails where a row stands in two parts."""
    found = pd.concat(frames)
    assert not found.index.has_duplicates
    return {int(row): str(name) for row, name in found["id"].items()}


def test_a_small_source_is_one_part_and_never_touches_the_disk(shelf: Shelf) -> None:
    extract = by_scope(chunks(sites(2, ["F1", ""]), sites(4, ["F2", "F1"])), sites_of, shelf)

    (part,) = extract.parts()
    assert rows([part]) == {2: "u2", 3: "u3", 4: "u4", 5: "u5"}
    assert shelf._file == NO_FILE
    assert extract.shelf is None


@pytest.mark.usefixtures("large")
def test_every_scope_is_whole_in_one_part_and_rows_without_one_come_first(shelf: Shelf) -> None:
    source = chunks(sites(2, ["F1", "", "F2"]), sites(5, [" F1", "F3", None]))

    parts = list(by_scope(source, sites_of, shelf).parts())

    assert rows(parts) == {row: f"u{row}" for row in range(2, 8)}
    assert [site.strip() for site in parts[0]["site"].fillna("")] == [""] * len(parts[0])
    named = [set(part["site"].fillna("").str.strip()) - {""} for part in parts]
    assert sorted(site for names in named for site in names) == ["F1", "F2", "F3"]


@given(st.lists(st.lists(SITES, max_size=5), min_size=1, max_size=5))
def test_whatever_the_chunks_are_every_row_is_there_once(names: list[list[str]]) -> None:
    first, made = 2, []
    for some in names:
        made.append(sites(first, some))
        first += len(some)
    if first == 2:
        return
    with pytest.MonkeyPatch.context() as patch, Shelf() as shelf:
        patch.setattr(module, "HELD_BYTES", 0)
        patch.setattr(module, "PART_ROWS", 2)
        extract = by_scope(chunks(*made), sites_of, shelf)

        assert rows(list(extract.parts())) == {row: f"u{row}" for row in range(2, first)}
        assert extract.column("id").sort_index().tolist() == [f"u{row}" for row in range(2, first)]


@pytest.mark.usefixtures("large")
def test_no_part_is_larger_than_its_largest_bucket(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PART_ROWS", 10)
    source = chunks(*(sites(2 + 50 * n, [f"F{row}" for row in range(50)]) for n in range(4)))

    sizes = [len(part) for part in by_scope(source, sites_of, shelf).parts()]

    assert sum(sizes) == 200
    assert max(sizes) < 30


def test_parts_may_be_fewer_than_buckets(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELD_BYTES", 0)
    source = chunks(sites(2, [f"F{row}" for row in range(300)]))

    assert len(list(by_scope(source, sites_of, shelf).parts())) == 1


@pytest.mark.usefixtures("large")
def test_a_column_that_some_records_lack_is_empty_in_their_part(shelf: Shelf) -> None:
    source = chunks(sites(1, ["F1"], note=["x"]), sites(2, ["F2"], rate=["7"]))

    extract = by_scope(source, sites_of, shelf)

    assert extract.columns == ("site", "id", "note", "rate")
    for part in extract.parts():
        assert {str(kind) for kind in part.dtypes} == {"str"}
        assert part.notna().sum().sum() == 3


@pytest.mark.parametrize("held", [0, 2**20])
def test_a_column_without_a_name_is_kept_if_it_holds_anything_anywhere(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr(module, "HELD_BYTES", held)
    nameless = {"column 3": ["", ""], "column 4": ["", ""]}
    filled = nameless | {"column 4": ["", "x"]}

    extract = by_scope(
        chunks(sites(2, ["F1", "F2"], **nameless), sites(4, ["F1", "F2"], **filled)),
        sites_of,
        shelf,
    )

    assert extract.columns == ("site", "id", "column 4")


def verdict(shelf: Shelf, *each: Chunk) -> Extract:
    return by_scope(chunks(*each), sites_of, shelf)


def test_what_the_last_chunk_doubts_and_what_any_could_not_read_takes_the_proof_away(
    shelf: Shelf,
) -> None:
    sound = sites(2, ["F1"])
    broken = Chunk(sites(3, ["F1"]).rows, (Malformed(9, "it is cut"),))
    doubted = Chunk(sites(4, ["F1"]).rows, (), "its end is missing")

    assert verdict(shelf, sound, sites(3, ["F2"])).complete
    assert verdict(shelf, broken, sound).reason == "1 record could not be read"
    assert verdict(shelf, broken, doubted).reason == "its end is missing"
    assert verdict(shelf, broken, doubted).malformed == broken.malformed


def test_chunks_without_a_row_are_unreadable(shelf: Shelf) -> None:
    with pytest.raises(SourceUnreadable, match="units.csv has no records"):
        verdict(shelf, sites(2, []), sites(2, []))
