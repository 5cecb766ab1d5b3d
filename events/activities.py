"""What people do: calls, mail, messages, meetings, tasks, time in the system, visits, automation."""

from typing import Annotated, Literal

from events.common import Code, Count, Data, Date, Direction, Doc, Id, Ms, Number, Time


class CallLogged(Data):
    """A phone call took place or was tried."""

    type = "crm.call.logged"
    direction: Direction = None
    outcome: Annotated[Literal["connected", "no_answer", "busy", "voicemail"] | None, Doc("how it went")] = None
    duration_ms: Annotated[Ms | None, Doc("how long the line was open")] = None
    rep_talk_ms: Annotated[Ms | None, Doc("how long our side spoke")] = None


class EmailLogged(Data):
    """A mail was sent or received."""

    type = "crm.email.logged"
    direction: Direction = None
    thread_id: Annotated[Id | None, Doc("the conversation that it belongs to")] = None
    in_reply_to: Annotated[Id | None, Doc("the mail that it answers")] = None
    automated: Annotated[bool | None, Doc("sent by a machine, not a person")] = None


class EmailEngaged(Data):
    """A recipient reacted to a mail, or it came back."""

    type = "crm.email.engaged"
    kind: Annotated[Literal["open", "click", "bounce", "unsubscribe"], Doc("what happened")]
    email_id: Annotated[Id | None, Doc("the mail, where the subject is not it")] = None


class MessageLogged(Data):
    """A chat, SMS or WhatsApp message was sent or received."""

    type = "crm.message.logged"
    channel: Annotated[Literal["chat", "sms", "whatsapp"] | None, Doc("the medium")] = None
    conversation_id: Annotated[Id | None, Doc("the conversation that it belongs to")] = None
    direction: Direction = None
    author: Annotated[Literal["human", "bot"] | None, Doc("who wrote it")] = None


class MeetingScheduled(Data):
    """A meeting was arranged."""

    type = "crm.meeting.scheduled"
    kind: Annotated[Code | None, Doc("what sort of meeting")] = None
    start: Annotated[Time | None, Doc("when it begins")] = None
    end: Annotated[Time | None, Doc("when it ends")] = None


class MeetingStatusChanged(Data):
    """A meeting was held, missed, cancelled or moved."""

    type = "crm.meeting.status_changed"
    new: Annotated[Literal["completed", "no_show", "cancelled", "rescheduled"], Doc("the status from now on")]
    start: Annotated[Time | None, Doc("when it begins or began")] = None
    end: Annotated[Time | None, Doc("when it ends or ended")] = None


class TaskCreated(Data):
    """Somebody was given something to do."""

    type = "crm.task.created"
    assignee_id: Annotated[Id | None, Doc("the user who is to do it")] = None
    assigned_by: Annotated[Id | None, Doc("the user who gave it")] = None
    due_at: Annotated[Time | None, Doc("due at this time")] = None
    due_date: Annotated[Date | None, Doc("due by the end of this day in the assignee's zone")] = None
    priority: Annotated[Code | None, Doc("how urgent")] = None
    kind: Annotated[Code | None, Doc("what sort of task")] = None


class TaskStatusChanged(Data):
    """A task was done, reopened, cancelled, or is due at another time."""

    type = "crm.task.status_changed"
    new: Annotated[Literal["done", "reopened", "cancelled", "due_changed"], Doc("what happened to it")]
    due_at: Annotated[Time | None, Doc("due at this time from now on")] = None
    due_date: Annotated[Date | None, Doc("due by the end of this day from now on")] = None


class SessionHeartbeat(Data):
    """A user was active in the CRM."""

    type = "crm.session.heartbeat"
    entity = "heartbeat"
    session_id: Annotated[Id | None, Doc("the session")] = None
    module: Annotated[Code | None, Doc("the part of the CRM")] = None
    feature: Annotated[Code | None, Doc("the feature used")] = None
    field: Annotated[Code | None, Doc("the field that was filled in")] = None
    active_ms: Annotated[Ms | None, Doc("active time since the heartbeat before")] = None


class WebVisit(Data):
    """Somebody came to a page, a form or a store."""

    type = "crm.web.visit"
    entity = "visit"
    kind: Annotated[Literal["page", "session", "click", "form", "store_entry"] | None, Doc("what sort of visit")] = None
    count: Annotated[Count | None, Doc("how many at once; absent: 1")] = None
    visitor_hash: Annotated[Code | None, Doc("stands for the visitor")] = None


class AutomationRun(Data):
    """A workflow ran by itself."""

    type = "crm.automation.run"
    entity = "automation"
    workflow_id: Annotated[Id | None, Doc("the workflow")] = None
    started_at: Annotated[Time | None, Doc("when it began")] = None
    duration_ms: Annotated[Ms | None, Doc("how long it ran")] = None
    minutes_saved: Annotated[Number | None, Doc("work that it spared a person, in minutes")] = None
