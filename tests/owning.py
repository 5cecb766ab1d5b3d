"""KPIs of one's own in the catalogue for a while."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from aggregators import catalogue
from aggregators.measures import MEASURES
from aggregators.own_checks import read


@contextmanager
def owning(*entries: Mapping[str, Any]) -> Iterator[None]:
    """Have the KPIs of some entries in the catalogue, and take them out again."""
    definitions, mistakes = read({"kpi": [dict(entry) for entry in entries]}, catalogue.BY_ID)
    assert not mistakes, mistakes
    before = [*MEASURES], [*catalogue.KPIS], dict(catalogue.BY_ID)
    catalogue.adopt(definitions)
    try:
        yield
    finally:
        MEASURES[:], catalogue.KPIS[:] = before[0], before[1]
        catalogue.BY_ID.clear()
        catalogue.BY_ID.update(before[2])
        catalogue.OWN.clear()
        catalogue.enabled.cache_clear()
        catalogue.plan.cache_clear()
