"""What the service itself publishes, for its schemas: to the alerts topic, and the header of what it had to cut."""

from typing import Annotated, Any, Literal

from msgspec import Struct

from events.common import Doc, Id, Number, Time

TRUNCATED = "crmpulse_truncated"
"""Header of a record that was too large to be published as it came: how many bytes its value had. It is never used."""

Rule = Literal[
    "task_overdue",
    "assignment_unfulfilled",
    "appointment_overdue",
    "deal_lost",
    "deal_has_problems",
    "deal_stalled",
    "lead_unanswered",
    "sla_breached",
    "goal_off_pace",
]


class Alert(Struct):
    """What a rule has to say about a record."""

    rule: Annotated[Rule, Doc("the rule")]
    record: Annotated[str, Doc("the record, `<entity>/<id>`")]
    since: Annotated[Time, Doc("instant of the cause")]
    owner_id: Annotated[Id | None, Doc("the user who owns the record")] = None
    manager_id: Annotated[Id | None, Doc("the manager of the owner, else of the team, else of the parent team")] = None
    value: Annotated[Any, Doc("what the rule measured")] = None
    alert_id: Annotated[str | None, Doc("when resolved: `id` of the event that fired it")] = None


class Milestone(Struct):
    """A share of a goal's target."""

    goal: Annotated[str, Doc("id of the goal")]
    share: Annotated[Number, Doc("the share of the target, such as 0.5")]


class Published(Struct, kw_only=True):
    """A CloudEvent 1.0 of the service; delivered at least once, a repeat has the same id."""

    specversion: Literal["1.0"]
    id: Annotated[str, Doc("hash of organisation, rule, subject and instant of the cause")]
    source: str
    subject: Annotated[str, Doc("the record, `<entity>/<id>`")]
    time: Time
    orgid: Annotated[Id, Doc("the organisation; the key of the message")]


class AlertFired(Published, tag_field="type", tag="crm.alert.fired"):
    """A rule began to hold for a record."""

    data: Alert


class AlertResolved(Published, tag_field="type", tag="crm.alert.resolved"):
    """A rule no longer holds for a record."""

    data: Alert


class GoalMilestone(Published, tag_field="type", tag="crm.goal.milestone"):
    """A goal reached a share of its target."""

    data: Milestone


class GoalMilestoneRevoked(Published, tag_field="type", tag="crm.goal.milestone_revoked"):
    """A correction took a share of a goal's target back."""

    data: Milestone


PUBLISHED = AlertFired, AlertResolved, GoalMilestone, GoalMilestoneRevoked
