"""The source kind `file`: every format from every place, or one message with what to do."""

from __future__ import annotations

import gzip
import io
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook
from pydantic import ValidationError

from connectors.errors import SourceUnreadable
from connectors.sources.file import FileSource, extract
from tests.connectors.sources.whole import Whole, whole

CSV = "id,zip\n007,06040\n"


def source(path: str, **settings: object) -> FileSource:
    return FileSource.model_validate({"kind": "file", "path": path, **settings})


def read(base: Path, path: str, **settings: object) -> Whole:
    return whole(extract(source(path, **settings), base))


def message(base: Path, path: str, **settings: object) -> str:
    with pytest.raises(SourceUnreadable) as caught:
        read(base, path, **settings)
    return str(caught.value)


def excel() -> bytes:
    book = Workbook()
    book.active.append(["id", "zip"])
    book.active.append(["007", "06040"])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def parquet() -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"id": ["007"], "zip": ["06040"]}), file)
    return file.getvalue()


CONTENTS: dict[str, bytes] = {
    "units.csv": CSV.encode(),
    "units.txt": CSV.encode(),
    "units.tsv": CSV.replace(",", "\t").encode(),
    "units.xlsx": excel(),
    "units.json": b'[{"id": "007", "zip": "06040"}]',
    "units.jsonl": b'{"id": "007", "zip": "06040"}\n',
    "units.ndjson": b'{"id": "007", "zip": "06040"}\n',
    "units.parquet": parquet(),
    "UNITS.CSV": CSV.encode(),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_the_format_follows_from_the_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(CONTENTS[name])

    found = read(tmp_path, name)

    assert found.rows.to_dict("list") == {"id": ["007"], "zip": ["06040"]}
    assert found.origin == name
    assert found.complete


def test_the_format_can_be_set(tmp_path: Path) -> None:
    (tmp_path / "export.dat").write_text(CSV)

    assert "set `format`" in message(tmp_path, "export.dat")
    assert read(tmp_path, "export.dat", format="csv").rows["id"].tolist() == ["007"]


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()


def test_a_url_is_read_by_its_driver(memory: fsspec.AbstractFileSystem, tmp_path: Path) -> None:
    memory.pipe("/exports/units.csv", CSV.encode())

    assert read(tmp_path, "memory://exports/units.csv").rows["zip"].tolist() == ["06040"]
    assert "does not exist" in message(tmp_path, "memory://exports/other.csv")


def test_a_file_url_and_an_absolute_path_need_no_base(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text(CSV)

    for path in (f"file://{tmp_path}/units.csv", f"{tmp_path}/units.csv"):
        assert read(Path("elsewhere"), path).rows["id"].tolist() == ["007"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_text_is_decoded_as_the_settings_say(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "units.csv").write_bytes("id,note\n1,café – ask\n".encode(encoding))

    found = read(tmp_path, "units.csv", encoding=encoding)

    assert found.rows.to_dict("list") == {"id": ["1"], "note": ["café – ask"]}


def test_a_byte_order_mark_never_becomes_part_of_a_column_name(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_bytes(CSV.encode("utf-8-sig"))
    (tmp_path / "units.jsonl").write_bytes('{"id": "1"}\n'.encode("utf-8-sig"))

    assert read(tmp_path, "units.csv").rows.columns.tolist() == ["id", "zip"]
    assert read(tmp_path, "units.jsonl").rows.columns.tolist() == ["id"]


def test_a_wrong_encoding_says_where_and_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_bytes("id,note\n1,café\n".encode("cp1252"))

    found = message(tmp_path, "units.csv")

    assert "is not utf-8: byte 14, in line 2" in found
    assert "encoding: cp1252" in found
    assert "encoding: latin-1" in found


def test_utf_16_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_bytes(CSV.encode("utf-16"))

    assert "set `encoding: utf-16`" in message(tmp_path, "units.csv")


def test_a_missing_file_names_the_nearest_one(tmp_path: Path) -> None:
    (tmp_path / "storage_units.csv").write_text(CSV)
    (tmp_path / "notes.md").write_text("")

    found = message(tmp_path, "storage_unit.csv")

    looked_for = tmp_path / "storage_unit.csv"
    assert found == f"{looked_for} does not exist. Did you mean “storage_units.csv”?"
    assert "has “notes.md”, “storage_units.csv”" in message(tmp_path, "zzz.csv")
    assert message(tmp_path, "nowhere/units.csv").endswith("nowhere/units.csv does not exist.")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text(CSV)
    (tmp_path / "units.csv").chmod(0)

    assert "may not be read" in message(tmp_path, "units.csv")


@pytest.mark.parametrize("name", CONTENTS)
def test_an_empty_file_is_unreadable_in_every_format(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")

    assert message(tmp_path, name) == f"{name} is empty (0 bytes). Export it again."


@pytest.mark.parametrize("name", ["units.csv", "units.json", "units.jsonl"])
def test_white_space_alone_is_unreadable(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf \n\t\n")

    assert "only white space" in message(tmp_path, name)


def database(path: Path) -> bytes:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE units (id)")
    return path.read_bytes()


def test_another_kind_of_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    known = {
        "format: excel": excel(),
        "format: parquet": parquet(),
        "gzip; unpack it": gzip.compress(CSV.encode()),
        "PDF": b"%PDF-1.7\n1 0 obj\n",
        "save it as .xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "SQLite database": database(tmp_path / "units.db"),
        "binary file": bytes(range(256)) * 8,
        "a binary file": b"\x7fELF" + bytes(64),
    }
    for advice, data in known.items():
        (tmp_path / "units.csv").write_bytes(data)

        assert advice in message(tmp_path, "units.csv")


def test_the_wrong_format_for_a_text_file_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text(CSV)

    for kind in ("excel", "parquet", "json", "jsonl"):
        assert "units.csv" in message(tmp_path, "units.csv", format=kind)


def test_an_unknown_scheme_names_a_near_one(tmp_path: Path) -> None:
    found = message(tmp_path, "memry://exports/units.csv")

    assert "the URL scheme “memry” is not known; did you mean “memory”." in found
    assert "use a path, or a scheme such as" in message(tmp_path, "qqqq://exports/units.csv")


def test_a_driver_that_is_not_installed_is_named(tmp_path: Path) -> None:
    found = message(tmp_path, "oci://exports/units.csv")

    assert "needs a driver that is not installed" in found
    assert "ocifs" in found


def test_a_server_of_another_kind_that_is_not_there_says_so(tmp_path: Path) -> None:
    found = message(tmp_path, "ftp://user:pass31337@127.0.0.1:1/units.csv")

    assert "ftp://127.0.0.1:1/units.csv cannot be reached" in found
    assert "31337" not in found


def test_a_message_never_shows_the_secrets_of_a_url(tmp_path: Path) -> None:
    for url in (
        "memory://user:pass31337@host/units.csv?sig=31337#31337",
        "qqqq://user:pass31337@host/units.csv?sig=31337",
        "zip://31337.csv::qqqq://a:31337@host/units.zip?sig=3:31337",
    ):
        assert "pass31337" not in message(tmp_path, url, format="csv")
        assert "sig" not in message(tmp_path, url, format="csv")


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"encoding": "utf8x"}, "did you mean utf-8"),
        ({"encoding": "hex"}, "the encoding 'hex' is not known"),
        ({"delimiter": ";;"}, "delimiter"),
        ({"delimiter": '"'}, "delimiter"),
        ({"format": "xls"}, "format"),
        ({"path": ""}, "path"),
        ({"patth": "units.csv"}, "patth"),
    ],
)
def test_wrong_settings_are_refused_before_anything_is_read(
    settings: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        FileSource.model_validate({"kind": "file", "path": "units.csv", **settings})


def test_the_delimiter_and_the_sheet_are_settings(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text(CSV.replace(",", ";"))
    (tmp_path / "units.xlsx").write_bytes(excel())

    assert read(tmp_path, "units.csv", delimiter=";").rows["zip"].tolist() == ["06040"]
    assert read(tmp_path, "units.xlsx", sheet="Sheet").rows["zip"].tolist() == ["06040"]
    assert "1 “Sheet”" in message(tmp_path, "units.xlsx", sheet="Units")


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("units.csv", {"sheet": 1}),
        ("units.json", {"delimiter": ";"}),
        ("units.jsonl", {"header": 2}),
        ("units.parquet", {"footer": "Total"}),
        ("units.xlsx", {"encoding": "cp1252"}),
    ],
)
def test_a_setting_that_means_nothing_to_the_format_is_refused(
    tmp_path: Path, name: str, setting: dict[str, object]
) -> None:
    (tmp_path / name).write_bytes(b"id\n1\n")

    assert f"`{next(iter(setting))}` means nothing" in message(tmp_path, name, **setting)
