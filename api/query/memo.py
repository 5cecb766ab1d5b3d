"""Sums of rows that were read before: they hold for as long as nothing of their holder changes.

Of an organisation that is at work most users have done nothing since the last question. Every commit notes whom it credits
(`OrgKeys.touched`), so only those are read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from aggregators.tables import Row

Key = tuple[object, ...]
"""What was summed: from when to when, and which measures."""

MOST_CELLS = 1_000_000
"""So many are remembered of all organisations together: about 100 MiB."""


class Origin(NamedTuple):
    """Whose tables they are: every writer has an owner's name of its own, and the directory its offset."""

    owner: bytes
    directory: bytes


class Memo:
    """Sums by holder, as of an applied offset. What is remembered is never changed: readers share it.

    ``size`` counts cells, a sum without any as one.
    """

    def __init__(self, origin: Origin, position: int, sums: Mapping[str, Mapping[Key, Row]], size: int = 0) -> None:
        self.origin = origin
        self.position = position
        self.size = size
        self._sums = dict(sums)

    def get(self, holder: str, key: Key) -> Row | None:
        """Return a sum, None where it is not known."""
        found = self._sums.get(holder)
        return found.get(key) if found else None

    def put(self, holder: str, key: Key, row: Row) -> None:
        """Remember a sum."""
        self._sums[holder] = {**self._sums.get(holder, {}), key: row}
        self.size += max(1, len(row))

    def onward(self, origin: Origin, position: int, touched: Iterable[str]) -> Memo:
        """Return what holds still at a later offset where something of ``touched`` has changed, nothing of other tables."""
        if origin != self.origin or position < self.position:
            return Memo(origin, position, {})
        known = Memo(origin, position, self._sums, self.size)
        # Whatever changes, changes the organisation.
        for holder in ("o", *touched) if position > self.position else ():
            known.size -= sum(max(1, len(row)) for row in known._sums.pop(holder, {}).values())
        return known


class Memos:
    """The last of each organisation, by the prefix of its keys; what was not asked for longest is forgotten first."""

    def __init__(self) -> None:
        self._kept: dict[str, Memo] = {}

    def get(self, prefix: str) -> Memo | None:
        """Return what is remembered of an organisation."""
        return self._kept.get(prefix)

    def keep(self, prefix: str, memo: Memo) -> None:
        """Remember it, unless something later is."""
        before = self._kept.pop(prefix, None)
        later = before and before.origin == memo.origin and before.position > memo.position
        self._kept[prefix] = before if before and later else memo
        size = sum(each.size for each in self._kept.values())
        while size > MOST_CELLS:
            size -= self._kept.pop(next(iter(self._kept))).size
