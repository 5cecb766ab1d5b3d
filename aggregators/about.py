"""What a question says beside its selectors to those moments that are told when they are asked for."""

from collections.abc import Mapping
from typing import NamedTuple

from aggregators.org import Org
from aggregators.story import Facts
from aggregators.windows import Window

NOBODYS = Org()


class About(NamedTuple):
    """The fields of an entity, or the one of them that is named, and how fields are declared by key; the variant.

    ``org`` is whose records they are, ``window`` the one that is told of, ``now_ms`` the instant that the question speaks of.
    """

    entity: str = ""
    field: str = ""
    declared: Mapping[str, Facts] = {}
    variant: str = ""
    org: Org = NOBODYS
    window: Window = Window(0, 0)
    now_ms: int = 0
