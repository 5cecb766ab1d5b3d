"""Why a question has no answer."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from events.nearest import nearest


class Mistake(NamedTuple):
    """What is wrong with one parameter, and the nearest names of what it may be."""

    parameter: str
    reason: str
    nearest: Sequence[str] = ()


class UnknownError(Exception):
    """There is no ``what`` of this name."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        self.what, self.name, self.nearest = what, name, nearest(name, known)
        super().__init__(
            f"There is no {what} {name!r}" + (f"; nearest: {', '.join(self.nearest)}" if self.nearest else "")
        )


class ImpossibleError(Exception):
    """One or more parameters cannot be what they are."""

    def __init__(self, *mistakes: Mistake) -> None:
        self.mistakes = mistakes
        super().__init__("; ".join(f"{each.parameter}: {each.reason}" for each in mistakes))


class UnsettledError(Exception):
    """The tables changed under every try to read them together."""
