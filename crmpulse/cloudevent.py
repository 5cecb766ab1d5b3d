"""Events in CloudEvents structured form, as plain dicts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Publisher:
    """Where events come from: the organisation and the `source` that its ids are unique in."""

    org: str
    source: str

    def event(self, kind: str, subject: str, time: str, data: Mapping[str, Any], event_id: str = "") -> Event:
        """`kind` is the type less its `crm.`, `time` RFC 3339; without an id it is the only one of its kind.

        Members of `data` that are None or empty are left out.
        """
        return {
            "specversion": "1.0",
            "id": event_id or f"{kind} {subject}",
            "source": self.source,
            "type": f"crm.{kind}",
            "subject": subject,
            "time": time,
            "orgid": self.org,
            "data": {member: value for member, value in data.items() if value is not None and value != ""},
        }
