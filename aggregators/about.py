"""What a question says beside its selectors to those moments that are told when they are asked for."""

from collections.abc import Mapping
from typing import NamedTuple

from aggregators.story import Facts


class About(NamedTuple):
    """The fields of an entity, or the one of them that is named, and how fields are declared by key; the variant."""

    entity: str = ""
    field: str = ""
    declared: Mapping[str, Facts] = {}
    variant: str = ""
