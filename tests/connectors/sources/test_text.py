"""Where a file is not the text that it should be, however far into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import SourceUnreadable
from connectors.sources import text
from connectors.sources.file import FileSource, extract
from tests.connectors.sources.whole import whole

LINE = "1,café\n"


@pytest.mark.parametrize("block", [1, 3, 7, 2**20])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_byte_and_the_line_are_named_wherever_a_block_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, block: int
) -> None:
    monkeypatch.setattr(text, "BLOCK_BYTES", block)
    sound = "id,note\n" + "1,cafe\n" * 5
    (tmp_path / "units.csv").write_bytes(sound.encode() + LINE.encode("latin-1"))
    settings = FileSource(kind="file", path="units.csv", encoding=encoding)

    with pytest.raises(SourceUnreadable) as caught:
        whole(extract(settings, tmp_path))

    assert f"byte {len(sound) + LINE.index('é') + 1}, in line 7," in str(caught.value)


def test_a_character_that_is_cut_at_the_end_is_named(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_bytes(b"id\n1\n2\xc3")

    with pytest.raises(SourceUnreadable, match="byte 7, in line 3"):
        whole(extract(FileSource(kind="file", path="units.csv"), tmp_path))
