from pathlib import Path

import pytest

from crmpulse.formats.table import FormatError, Row, rows


def table(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    return path


def row(cell: str) -> Row:
    return Row(Path("table.csv"), 7, {"a": cell})


@pytest.mark.parametrize(
    "content", [b"a,b\n1, x \n", b"a,b\r\n1,x\r\n", b"\xef\xbb\xbfa,b\n1,x", b'"a","b"\n"1","x"\n']
)
def test_reads_every_usual_form_of_csv_alike(tmp_path: Path, content: bytes) -> None:
    (only,) = rows(table(tmp_path, content), ["a", "b"])
    assert only.cells == {"a": "1", "b": "x"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a,c\n1,2\n", "line 1: no column b among a, c"),
        (b"", "line 1: no column a, b among none"),
        (b"a,b\n1,2\n1\n", "line 3: 1 cells, not 2"),
        (b"a,b\n\xff,2\n", "not UTF-8 text"),
        (b'a,b\n"1,2\n', "not CSV"),
    ],
)
def test_names_file_line_and_reason_of_what_is_no_table(tmp_path: Path, content: bytes, reason: str) -> None:
    path = table(tmp_path, content)
    with pytest.raises(FormatError) as error:
        list(rows(path, ["a", "b"]))
    assert str(error.value).startswith(str(path))
    assert reason in str(error.value)


def test_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"none.csv: cannot be read"):
        list(rows(tmp_path / "none.csv", ["a"]))


@pytest.mark.parametrize("cell", ["2017-03-01", "3/1/2017", "03/01/2017"])
def test_reads_iso_and_us_dates(cell: str) -> None:
    assert row(cell).date("a") == "2017-03-01"


@pytest.mark.parametrize("cell", ["", "2017-02-30", "13/1/2017", "1.3.2017", "3/1/17"])
def test_refuses_what_is_no_date(cell: str) -> None:
    with pytest.raises(FormatError, match=r"table.csv, line 7, column a: .* is not a date such as 2017-03-01"):
        row(cell).date("a")


@pytest.mark.parametrize(("cell", "amount"), [("1054", "1054"), ("0", "0"), ("12.5000", "12.5000")])
def test_reads_amounts_as_plain_decimals(cell: str, amount: str) -> None:
    assert row(cell).amount("a") == amount


@pytest.mark.parametrize(
    "cell", ["", "x", "-1", "1.00001", "1e3", "1000000000000", "\uff11", "NaN", "Infinity", "1,000"]
)
def test_refuses_what_is_no_amount(cell: str) -> None:
    with pytest.raises(FormatError, match=r"line 7, column a: .* is not a number"):
        row(cell).amount("a")


def test_says_what_is_allowed() -> None:
    with pytest.raises(FormatError, match="'z' is not one of x, y"):
        row("z").one_of("a", ["x", "y"])
    with pytest.raises(FormatError, match="'' is not some text"):
        row("").text("a")
