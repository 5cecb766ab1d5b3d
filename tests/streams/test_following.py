from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

import pytest

from crmpulse.settings import CannotStartError
from streams.following import ROUNDS, follow
from streams.mark import Mark


class Tables:
    """Live ones that a record more comes to each time they are looked at, and those that follow."""

    def __init__(self) -> None:
        self.applied: Iterator[int] = count(1)
        self.followed: list[int] = []

    async def marks(self) -> list[Mark]:
        return [Mark(next(self.applied))]

    async def upto(self, marks: Sequence[Mark]) -> None:
        self.followed.append(marks[0].next)


async def test_what_takes_but_a_moment_is_followed_once() -> None:
    tables = Tables()
    assert await follow(tables.marks, tables.upto) == [Mark(1)]
    assert tables.followed == [1]


async def test_as_long_as_following_takes_long_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = Tables()
    clock = iter([0.0, 60.0, 60.0, 66.0, 66.0, 70.0])
    monkeypatch.setattr("streams.following.monotonic", lambda: next(clock))
    assert await follow(tables.marks, tables.upto) == [Mark(3)]
    assert tables.followed == [1, 2, 3]


async def test_tables_that_are_faster_are_not_followed_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = Tables()
    monkeypatch.setattr("streams.following.NEARLY_SECONDS", 0)
    with pytest.raises(CannotStartError, match="More comes in than can be folded beside it"):
        await follow(tables.marks, tables.upto)
    assert tables.followed == [*range(1, ROUNDS + 1)]
