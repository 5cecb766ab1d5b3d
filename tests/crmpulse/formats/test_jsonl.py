from pathlib import Path

import pytest

from crmpulse.formats import FormatError, jsonl


def lines(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_bytes(content)
    return path


def test_reads_one_event_a_line(tmp_path: Path) -> None:
    path = lines(tmp_path, b'{"id": "1", "orgid": "a"}\r\n{"id": "2", "orgid": "b"}')
    assert list(jsonl.events(path)) == [{"id": "1", "orgid": "a"}, {"id": "2", "orgid": "b"}]


def test_an_organisation_that_is_asked_for_replaces_the_events(tmp_path: Path) -> None:
    path = lines(tmp_path, b'{"id": "1", "orgid": "a"}\n')
    assert list(jsonl.events(path, "demo")) == [{"id": "1", "orgid": "demo"}]


@pytest.mark.parametrize("line", [b"{", b"[]", b"1", b"", b"\xff"])
def test_names_the_line_that_is_no_event(tmp_path: Path, line: bytes) -> None:
    path = lines(tmp_path, b"{}\n" + line + b"\n")
    with pytest.raises(FormatError, match=r"events.jsonl, line 2: not a JSON object"):
        list(jsonl.events(path))


def test_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read"):
        list(jsonl.events(tmp_path / "none.jsonl"))
