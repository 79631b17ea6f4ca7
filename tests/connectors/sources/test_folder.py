"""Many files as one source, and files that were compressed."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from pathlib import Path

import fsspec
import pytest
from pydantic import ValidationError

from connectors.errors import SourceUnreadable
from connectors.sources.file import FileSource, extract
from connectors.sources.folder import what_differs
from tests.connectors.sources.whole import Whole, whole

SITE = r"(?P<SiteID>F\d+)"


def read(base: Path, path: str, **settings: object) -> Whole:
    return whole(
        extract(FileSource.model_validate({"kind": "file", "path": path, **settings}), base)
    )


def message(base: Path, path: str, **settings: object) -> str:
    with pytest.raises(SourceUnreadable) as caught:
        read(base, path, **settings)
    return str(caught.value)


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """Three facilities' exports, in the folder that the configuration is in."""
    folder = tmp_path / "exports"
    folder.mkdir()
    for site in ("F1", "F2", "F3"):
        (folder / f"units {site}.csv").write_text(f"id,rate\n{site}-1,1.00\n{site}-2,2.00\n")
    (folder / ".hidden.csv").write_text("id,rate\nx,9\n")
    (folder / "~$units F1.xlsx").write_text("")
    return folder


@pytest.mark.parametrize(
    "path", ["exports", "exports/", "exports/*.csv", "./*/units*", "ex*/*F?.csv"]
)
def test_every_file_is_read_and_its_facility_taken_from_its_name(
    path: str, exports: Path, tmp_path: Path
) -> None:
    found = read(tmp_path, path, from_path=SITE)

    assert found.rows["SiteID"].tolist() == ["F1", "F1", "F2", "F2", "F3", "F3"]
    assert found.rows["id"].tolist() == ["F1-1", "F1-2", "F2-1", "F2-2", "F3-1", "F3-2"]
    assert found.complete


def test_every_file_may_have_a_title_above_its_names(exports: Path, tmp_path: Path) -> None:
    for path in exports.glob("units*.csv"):
        path.write_text(f"Report\n\n{path.read_text()}")

    found = read(tmp_path, "exports", header=3, from_path=SITE)

    assert found.rows["id"].tolist() == ["F1-1", "F1-2", "F2-1", "F2-2", "F3-1", "F3-2"]
    assert found.rows.index.tolist()[:2] == [4, 5]


@pytest.mark.parametrize(
    ("names", "apart"),
    [
        (["in/units F1.csv", "in/units F12.csv"], ["F1", "F12"]),
        (["in/site-4c1f.csv", "in/site-4d07.csv"], ["4c1f", "4d07"]),
        (["in/Harbor.csv.gz", "in/Mill_2.csv.gz"], ["Harbor", "Mill_2"]),
        (["Harbor/units.csv", "Mill/units.csv"], ["Harbor", "Mill"]),
        (["in/1.csv", "in/1-1.csv"], ["1", "1-1"]),
        (["in/Harbor (2).csv"], ["Harbor (2)"]),
    ],
)
def test_what_tells_files_apart_is_seen_in_their_names(names: list[str], apart: list[str]) -> None:
    pattern = FileSource(kind="file", path="in", from_path=what_differs(names, "facility"))

    found = [re.search(pattern.from_path or "", name) for name in names]
    assert [one["facility"] for one in found if one] == apart


@pytest.mark.parametrize("day", ["20260131", "2026-01-31"])
def test_a_date_in_the_names_may_be_another_one_the_next_time(day: str) -> None:
    pattern = what_differs([f"in/F1_{day}.csv", f"in/F2_{day}.csv"], "facility")

    found = re.search(pattern, f"in/F3_{day.replace('2026', '2027')}.csv")
    assert found
    assert found["facility"] == "F3"


def test_an_absolute_pattern_needs_no_base(exports: Path) -> None:
    assert len(read(Path("elsewhere"), f"{exports}/*.csv").rows) == 6


def test_rows_keep_the_number_that_they_have_in_their_file(exports: Path, tmp_path: Path) -> None:
    found = read(tmp_path, "exports")

    assert found.rows.index.tolist() == [2, 3, 1_000_002, 1_000_003, 2_000_002, 2_000_003]


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_read(
    exports: Path, tmp_path: Path
) -> None:
    """Its facility is not empty, so nothing is missing from any: the extract is not complete."""
    for damage in (
        b"",
        b"id,rate\n",
        b"\x7fELF" + bytes(99),
        b"id\nF2-1\n",
        "id,rate\né,1".encode("cp1252"),
    ):
        (exports / "units F2.csv").write_bytes(damage)

        found = read(tmp_path, "exports", from_path=SITE)

        assert found.rows["SiteID"].tolist() == ["F1", "F1", "F3", "F3"]
        assert not found.complete
        (bad,) = found.malformed
        assert "exports/units F2.csv" in bad.message
        assert bad.row == 1_000_001


def test_a_file_that_lacks_a_column_says_which(exports: Path, tmp_path: Path) -> None:
    (exports / "units F2.csv").write_text("id,price\nF2-1,1.00\n")

    (bad,) = read(tmp_path, "exports").malformed

    assert "has no column “rate”, which exports/units F1.csv has" in bad.message


def test_a_record_that_cannot_be_read_names_its_file_and_its_row(
    exports: Path, tmp_path: Path
) -> None:
    (exports / "units F2.csv").write_text("id,rate\nF2-1,1.00\nF2-2\n")

    found = read(tmp_path, "exports")

    assert len(found.rows) == 5
    (bad,) = found.malformed
    assert bad.row == 1_000_003
    assert bad.message.startswith("exports/units F2.csv, row 3: the record has 1 cells")


def test_an_end_in_doubt_is_not_forgotten_over_the_next_file(exports: Path, tmp_path: Path) -> None:
    (exports / "units F2.csv").write_text("id,rate\nF2-1,1.00")

    found = read(tmp_path, "exports")

    assert found.reason.startswith("exports/units F2.csv: its last line has no line end")


def test_no_file_at_all_is_unreadable(exports: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert "names no file that is there" in message(tmp_path, "exports/*.tsv")
    assert "has no file whose name tells a format" in message(tmp_path, "empty")
    for file in exports.glob("units*"):
        file.write_text("")
    assert message(tmp_path, "exports").startswith("No record of exports could be read; the first")


def test_a_name_that_does_not_match_is_told(exports: Path, tmp_path: Path) -> None:
    (exports / "all.csv").write_text("id,rate\nx,1\n")

    (bad,) = read(tmp_path, "exports", from_path=SITE).malformed

    assert "exports/all.csv does not match `from_path`, which should take SiteID" in bad.message
    assert "does not match" in message(tmp_path, "exports/all.csv", from_path=SITE)


def test_a_column_is_not_taken_twice(exports: Path, tmp_path: Path) -> None:
    said = message(tmp_path, "exports/units F1.csv", from_path="(?P<id>F1)")

    assert "has a column “id” already" in said


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "units [1].csv").write_text("id,rate\n1,2\n")

    assert read(tmp_path, "units [1].csv").origin == "units [1].csv"
    assert len(read(tmp_path, "units [1].csv").rows) == 1


def test_a_pattern_may_be_a_url() -> None:
    system = fsspec.filesystem("memory")
    for site in ("F1", "F2"):
        system.pipe(f"/bucket/exports/{site}.csv", b"id,rate\n1,2\n")
    try:
        found = read(Path(), "memory://bucket/exports/*.csv", from_path=SITE)
        folder = read(Path(), "memory://bucket/exports/", from_path=SITE)
    finally:
        system.store.clear()

    assert found.rows["SiteID"].tolist() == folder.rows["SiteID"].tolist() == ["F1", "F2"]


@pytest.mark.parametrize("pattern", ["F1", "(F1)", "(?P<SiteID>F1"])
def test_a_pattern_for_the_path_has_a_named_group(pattern: str) -> None:
    with pytest.raises(ValidationError, match="from_path"):
        FileSource(kind="file", path="units.csv", from_path=pattern)


CSV = b"id,rate\n" + b"".join(b"%d,1.00\n" % number for number in range(20_000))


def zip_of(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(f"{name}.csv", data)
    return file.getvalue()


@pytest.mark.parametrize("share", [0.2, 0.9, 0.999])
@pytest.mark.parametrize("name", ["units.csv.gz", "units.csv.zip"])
def test_an_archive_that_was_cut_off_is_unreadable(name: str, share: float, tmp_path: Path) -> None:
    whole_file = gzip.compress(CSV) if name.endswith("gz") else zip_of(units=CSV)
    (tmp_path / name).write_bytes(whole_file[: int(len(whole_file) * share)])

    assert f"{name} is not a readable" in message(tmp_path, name)


def test_an_archive_has_one_file(tmp_path: Path) -> None:
    (tmp_path / "two.zip").write_bytes(zip_of(a=b"id,rate\n1,2\n", b=CSV))
    (tmp_path / "none.zip").write_bytes(zip_of())
    (tmp_path / "text.csv.gz").write_bytes(CSV)
    (tmp_path / "empty.csv.gz").write_bytes(b"")

    assert "has 2 files in it; it must have one" in message(tmp_path, "two.zip")
    assert "has 0 files in it" in message(tmp_path, "none.zip")
    assert "is not a readable .gz file" in message(tmp_path, "text.csv.gz")
    assert "is empty" in message(tmp_path, "empty.csv.gz")
    one = f"zip://a.csv::file://{tmp_path}/two.zip"
    assert read(tmp_path, one).rows["rate"].tolist() == ["2"]


def test_a_wrong_encoding_is_found_inside_of_an_archive(tmp_path: Path) -> None:
    (tmp_path / "units.csv.gz").write_bytes(gzip.compress("id,note\n1,café\n".encode("cp1252")))

    assert "byte 14, in line 2" in message(tmp_path, "units.csv.gz")
    assert read(tmp_path, "units.csv.gz", encoding="cp1252").rows["note"].tolist() == ["café"]
