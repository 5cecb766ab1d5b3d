"""CSV files read by column name; a mistake says where it is and what is allowed there."""

import csv
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _csv import Reader

AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,4})?")
DATES = ("%Y-%m-%d", "%m/%d/%Y")


class FormatError(ValueError):
    """A file cannot be read as what it should be: one sentence with file, line and column."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file, its cells without surrounding blanks. A cell that does not fit raises FormatError."""

    path: Path
    line: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        """The cell, which must not be empty."""
        if not self.cells[column]:
            raise self.wrong(column, "some text")
        return self.cells[column]

    def optional(self, column: str) -> str | None:
        """The cell, None when it is empty."""
        return self.cells[column] or None

    def one_of(self, column: str, allowed: Collection[str]) -> str:
        """The cell, which must be among those allowed."""
        if self.cells[column] not in allowed:
            raise self.wrong(column, "one of " + ", ".join(allowed))
        return self.cells[column]

    def date(self, column: str) -> str:
        """YYYY-MM-DD, from that form or the US one."""
        return self.instant(column, DATES, "a date such as 2017-03-01 or 3/1/2017").date().isoformat()

    def instant(self, column: str, forms: Collection[str], allowed: str) -> datetime:
        """What the first fitting strptime form reads, as UTC; `allowed` describes the forms."""
        for form in forms:
            try:
                return datetime.strptime(self.cells[column], form).replace(tzinfo=UTC)
            except ValueError:
                continue
        raise self.wrong(column, allowed)

    def amount(self, column: str) -> str:
        """A decimal of at most 4 places, not negative, as the contract's money wants it."""
        if not AMOUNT.fullmatch(self.cells[column]):
            raise self.wrong(column, "a number from 0 to below 10^12 with at most 4 decimals, such as 1054.50")
        return self.cells[column]

    def wrong(self, column: str, allowed: str) -> FormatError:
        """The error that says that this cell is not what is allowed."""
        return FormatError(f"{self.path}, line {self.line}, column {column}: {self.cells[column]!r} is not {allowed}")


def rows(path: Path, columns: Collection[str]) -> Iterator[Row]:
    """Every row, with at least these columns, in the file's order. UTF-8 with or without BOM, LF or CRLF."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            yield from _rows(path, csv.reader(file, strict=True), columns)
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: not UTF-8 text ({error.reason})") from error


def _rows(path: Path, reader: "Reader", columns: Collection[str]) -> Iterator[Row]:
    try:
        header = [name.strip() for name in next(reader, [])]
        if missing := [name for name in columns if name not in header]:
            raise FormatError(f"{path}, line 1: no column {', '.join(missing)} among {', '.join(header) or 'none'}")
        for cells in reader:
            if len(cells) != len(header):
                raise FormatError(f"{path}, line {reader.line_num}: {len(cells)} cells, not {len(header)}")
            yield Row(path, reader.line_num, dict(zip(header, map(str.strip, cells), strict=True)))
    except csv.Error as error:
        raise FormatError(f"{path}, line {reader.line_num}: not CSV ({error})") from error
