"""How customers are helped: tickets and feedback."""

from typing import Annotated, Literal

from msgspec import Struct

from events.common import Code, Data, Doc, Id, Ms, Number


class Sla(Struct, omit_defaults=True, gc=False):
    """What was promised for a ticket."""

    first_response_ms: Annotated[Ms | None, Doc("until the first answer")] = None
    resolution_ms: Annotated[Ms | None, Doc("until it is solved; pending does not count")] = None
    hours: Annotated[
        Literal["business", "calendar"] | None, Doc("which hours count; business where nothing is said")
    ] = None


class TicketCreated(Data):
    """A customer needs help."""

    type = "crm.ticket.created"
    category: Annotated[Code | None, Doc("what it is about")] = None
    priority: Annotated[Code | None, Doc("how urgent")] = None
    requester_id: Annotated[Id | None, Doc("the contact who asked")] = None
    created_by: Annotated[Literal["customer", "agent"] | None, Doc("who opened it")] = None
    sla: Annotated[Sla | None, Doc("what was promised")] = None


class TicketStatusChanged(Data):
    """A ticket moved on; while it is pending the clock stands still."""

    type = "crm.ticket.status_changed"
    new: Annotated[Literal["new", "open", "pending", "on_hold", "solved", "closed"], Doc("the status from now on")]
    category: Annotated[Code | None, Doc("what it is about")] = None


class TicketMessage(Data):
    """Somebody wrote in a ticket."""

    type = "crm.ticket.message"
    author: Annotated[Literal["agent", "customer", "bot", "system"] | None, Doc("who wrote")] = None
    public: Annotated[bool | None, Doc("the customer can see it")] = None


class FeedbackReceived(Data):
    """A customer gave a rating."""

    type = "crm.feedback.received"
    kind: Annotated[Literal["csat", "nps"], Doc("satisfaction or recommendation")]
    score: Annotated[Number, Doc("the rating")]
    scale: Annotated[Number | None, Doc("the best rating possible")] = None
