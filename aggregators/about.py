"""What a question says beside its selectors to those moments that are told when they are asked for."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from aggregators.story import Facts


class About(NamedTuple):
    """The fields of an entity, or the one of them that is named, and how fields are declared by key; the variant; the cadence.

    ``cadence_days`` tells how often an account should be touched by the segments that it is in, None where they do not say.
    """

    entity: str = ""
    field: str = ""
    declared: Mapping[str, Facts] = {}
    variant: str = ""
    cadence_days: Callable[[str], float | None] = lambda _: None
