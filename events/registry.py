"""All event types and all entities."""

from events import activities, directory, records, sales, support
from events.common import Data

MODULES = sales, activities, support, records, directory
EVENTS: dict[str, type[Data]] = {
    kind.type: kind for module in MODULES for kind in vars(module).values() if kind in Data.__subclasses__()
}
ENTITIES = frozenset(kind.entity for kind in EVENTS.values() if kind.entity)
