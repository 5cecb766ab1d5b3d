"""Which record an event is about: `<entity>/<id>`."""

from collections.abc import Callable

from events import checks
from events.common import CURRENCIES
from events.envelope import Wire
from events.nearest import hint
from events.registry import ENTITIES

_PATH = "$.subject"
MAX_ID = 128


def entity_of(wire: Wire) -> str:
    """The entity of the event's subject, or raises Refused."""
    wanted, subject = wire.rules.entity, wire.subject
    entity, slash, id_ = subject.partition("/")
    if not slash or not 1 <= len(id_) <= MAX_ID:
        raise checks.Refused(
            f"The subject `{subject[:160]}` is not `{wanted or '<entity>'}/<id>` with an id of 1 to 128 characters.",
            _PATH,
        )
    if wanted and entity != wanted:
        raise checks.Refused(
            f"The subject of `{wire.rules.kind.type}` must be `{wanted}/<id>`, not `{subject}`.", _PATH
        )
    if entity not in ENTITIES:
        raise checks.Refused(f"The entity `{entity}` of the subject is unknown; {hint(entity, ENTITIES)}.", _PATH)
    if entity in _RULES:
        _RULES[entity](id_, wire)
    return entity


def _org(id_: str, wire: Wire) -> None:
    if id_ != wire.orgid:
        raise checks.Refused(f"The subject of an organisation must be `org/<orgid>`, here `org/{wire.orgid}`.", _PATH)


def _fx(id_: str, wire: Wire) -> None:
    currency, _, date = id_.partition("/")
    if currency not in CURRENCIES:
        raise checks.Refused(f"`{currency}` in `fx/<currency>/<date>` is not an ISO 4217 currency code.", _PATH)
    try:
        checks.date(date)
    except ValueError as error:
        raise checks.Refused(str(error), _PATH) from None


def _field(id_: str, wire: Wire) -> None:
    entity, _, key = id_.partition(".")
    if entity not in ENTITIES or not key:
        raise checks.Refused(f"`{id_}` is not `<entity>.<key>` with a known entity; {hint(entity, ENTITIES)}.", _PATH)


_RULES: dict[str, Callable[[str, Wire], None]] = {"org": _org, "fx": _fx, "field": _field}
