"""What a question says beside its selectors to those moments that are told when they are asked for."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from aggregators.org import Org
from aggregators.story import Facts

NOBODYS = Org()


class About(NamedTuple):
    """The fields of an entity, or the one of them that is named, and how fields are declared by key; the variant.

    ``org`` is whose records they are, ``now_ms`` the instant that the question speaks of. ``cadence_days`` tells how often somebody
    should be in touch with an account by the segments that it is in, None where they do not say.
    """

    entity: str = ""
    field: str = ""
    declared: Mapping[str, Facts] = {}
    variant: str = ""
    org: Org = NOBODYS
    now_ms: int = 0
    cadence_days: Callable[[str], float | None] = lambda _: None
