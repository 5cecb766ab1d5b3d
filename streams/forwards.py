"""Records on another partition than their organisation's, and their copies there: each has to have one."""

import re
from collections import defaultdict
from collections.abc import Iterator

from aiokafka.structs import ConsumerRecord

from streams.log import Log
from streams.records import ORIGIN

_PAGE = 4096
_ORIGIN = re.compile(rb"(.+)/(\d{1,9})/(\d{1,18})")


class Offsets:
    """A set of offsets by partition, a bit each."""

    def __init__(self) -> None:
        self._pages: dict[tuple[int, int], int] = defaultdict(int)

    def add(self, partition: int, offset: int) -> None:
        """Put an offset in."""
        self._pages[partition, offset // _PAGE] |= 1 << offset % _PAGE

    def without(self, other: "Offsets") -> Iterator[tuple[int, int]]:
        """Yield what is in this set and not in the other, as (partition, offset)."""
        for (partition, page), bits in sorted(self._pages.items()):
            left = bits & ~other._pages.get((partition, page), 0)
            yield from ((partition, page * _PAGE + bit) for bit in range(left.bit_length()) if left >> bit & 1)


class Forwards:
    """The originals and the copies, each by home partition."""

    def __init__(self) -> None:
        self._originals: dict[int, Offsets] = defaultdict(Offsets)
        self._copies: dict[int, Offsets] = defaultdict(Offsets)

    def original(self, record: ConsumerRecord, home: int) -> None:
        """Note a record that belongs to another partition."""
        self._originals[home].add(record.partition, record.offset)

    def copy(self, record: ConsumerRecord) -> None:
        """Note a record that may be a copy."""
        origins = [value for name, value in record.headers if name == ORIGIN and value]
        found = _ORIGIN.fullmatch(origins[-1]) if origins else None
        if found and found[1] == record.topic.encode():
            self._copies[record.partition].add(int(found[2]), int(found[3]))

    async def missing(self, log: Log) -> list[tuple[int, int]]:
        """Return (partition, offset) of the originals that have no copy in their home, whose log has been recounted."""
        home = log.tp.partition
        if list(self._originals[home].without(self._copies[home])):
            # A copy is in the log before its original's partition moves on, and may be applied later.
            await log.open()
            async for records in log.rest():
                for record in records:
                    self.copy(record)
        return list(self._originals[home].without(self._copies[home]))
