"""What may happen to any record."""

from typing import Annotated, Literal

from events.common import Changes, Data, Doc, Id


class RecordUpdated(Data):
    """Fields of a record changed."""

    type = "crm.record.updated"
    entity = ""
    changed: Changes = None


class RecordOwnerChanged(Data):
    """A record passed to another user."""

    type = "crm.record.owner_changed"
    entity = ""
    new_owner: Annotated[Id, Doc("the user who owns it from now on")]
    old_owner: Annotated[Id | None, Doc("the user who owned it before")] = None


class RecordDeleted(Data):
    """A record was taken out, or brought back."""

    type = "crm.record.deleted"
    entity = ""
    reason: Annotated[Literal["user", "spam", "merge", "privacy"] | None, Doc("why; privacy erases names")] = None
    merged_into: Annotated[Id | None, Doc("the record that goes on in its place")] = None
    restored: Annotated[bool | None, Doc("true: it is back")] = None
