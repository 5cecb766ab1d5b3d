"""How far a partition was applied, as its tables say beside all that they say of it."""

from typing import NamedTuple
from zlib import crc32

from aiokafka.structs import ConsumerRecord


class Mark(NamedTuple):
    """How far a partition has been applied.

    ``next`` is the offset to read next, ``highest_ms`` the highest append time applied, ``timestamp_ms`` and ``crc`` those of
    the record before ``next``, by which a log that was made anew is told from the one that was applied.
    """

    next: int
    highest_ms: int = 0
    timestamp_ms: int = 0
    crc: int = 0

    def after(self, record: ConsumerRecord, highest_ms: int) -> "Mark":
        """Return the mark after a batch that ends with ``record``."""
        return Mark(record.offset + 1, highest_ms, record.timestamp, checksum(record))

    def fits(self, record: ConsumerRecord) -> bool:
        """Tell whether ``record`` is the last one that was applied."""
        return (record.offset + 1, record.timestamp, checksum(record)) == (self.next, self.timestamp_ms, self.crc)

    def packed(self) -> str:
        """Return the mark as it is stored."""
        return " ".join(map(str, self))


def checksum(record: ConsumerRecord) -> int:
    """Return the CRC-32 of a record's value."""
    return crc32(record.value or b"")


def mark(packed: bytes | str | None) -> Mark | None:
    """Return a stored mark, None where there is none."""
    return Mark(*map(int, packed.split())) if packed else None
