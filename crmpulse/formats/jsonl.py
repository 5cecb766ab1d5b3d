"""JSON Lines: one CloudEvent a line, as it is."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from crmpulse.cloudevent import Event
from crmpulse.formats.table import FormatError

_decode = msgspec.json.Decoder(Event).decode


def events(file: Path, org: str = "") -> Iterator[Event]:
    """The events of the file in its order; `org` replaces their organisation when given. FormatError names the line."""
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                yield _event(line, org, f"{file}, line {number}")
    except OSError as error:
        raise FormatError(f"{file}: cannot be read ({error.strerror})") from error


def _event(line: bytes, org: str, place: str) -> Event:
    try:
        event = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FormatError(f"{place}: not a JSON object, one a line ({error})") from error
    return event | {"orgid": org} if org else event
