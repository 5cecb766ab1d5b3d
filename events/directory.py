"""Who works where, when and towards what: the directory, the calendar and the goals."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from events import checks
from events.common import (
    Code,
    Count,
    Currency,
    Data,
    Date,
    Doc,
    Id,
    Money,
    Ms,
    Number,
    Probability,
    Quantity,
    Scalars,
    checked,
)

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Clock = Annotated[str, Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$(?!\n)", description="HH:MM")]
BusinessHours = Annotated[
    dict[Weekday, list[tuple[Clock, Clock]]] | None,
    checked(checks.hours, "from and to by weekday; a weekday that is absent is free"),
]
TimeZone = Annotated[str, checked(checks.time_zone, "IANA time zone, such as Europe/Rome")]
Rate = Annotated[
    str, Meta(pattern=r"^(?=.*[1-9])[0-9]{1,12}(\.[0-9]{1,12})?$(?!\n)", description="positive decimal string")
]
Assignee = Annotated[
    str,
    checked(checks.no_control, "`user:<id>`, `team:<id>` or `org`", pattern=r"^(org|(user|team):[\s\S]{1,128})$(?!\n)"),
]
Active = Annotated[bool | None, Doc("false: no longer there")]
Where = Annotated[Scalars | None, Doc("only records whose dimensions have these values")]


class OrgUpdated(Data):
    """What holds for the whole organisation."""

    type = "crm.org.updated"
    time_zone: TimeZone | None = None
    currency: Annotated[Currency | None, Doc("what money is shown in; absent: EUR")] = None
    week_start: Annotated[Literal["monday", "sunday", "saturday"] | None, Doc("absent: monday")] = None
    fiscal_year_start_month: Annotated[Annotated[int, Meta(ge=1, le=12)] | None, Doc("1 to 12; absent: January")] = None
    business_hours: BusinessHours = None
    holidays: Annotated[
        list[Date] | None,
        Doc("days on which nobody works, however late that is said; a later list may leave out those that are over"),
    ] = None
    lead_response_target_ms: Annotated[Ms | None, Doc("how soon a lead should be answered")] = None
    required_contact_fields: Annotated[list[str] | None, Doc("fields that a complete contact has")] = None
    licences: Annotated[Count | None, Doc("how many users are paid for")] = None
    hourly_cost: Annotated[Money | None, Doc("what an hour of a user costs")] = None
    stalled_after_days: Annotated[dict[str, Quantity] | None, Doc("when a deal stalls, in days by stage")] = None


class TeamUpdated(Data):
    """A team was made or changed."""

    type = "crm.team.updated"
    manager_id: Annotated[Id | None, Doc("the user who leads it")] = None
    parent_id: Annotated[Id | None, Doc("the team that it is part of")] = None
    business_hours: BusinessHours = None
    active: Active = None


class UserUpdated(Data):
    """A user was made or changed, or moved to another team."""

    type = "crm.user.updated"
    team_id: Annotated[Id | None, Doc("the team that the user is in from the local day of `time` on")] = None
    manager_id: Annotated[Id | None, Doc("the user who leads this one")] = None
    time_zone: TimeZone | None = None
    active: Active = None


class Stage(Struct, omit_defaults=True, gc=False):
    """A stage of a pipeline."""

    id: Annotated[Id, Doc("as in `stage_id`")]
    name: Annotated[str | None, Doc("what a person reads")] = None
    order: Annotated[Number | None, Doc("its place among the stages; absent: as listed")] = None
    probability: Annotated[Probability | None, Doc("of winning a deal in it, from 0 to 1")] = None


class PipelineUpdated(Data):
    """A pipeline was made or changed."""

    type = "crm.pipeline.updated"
    stages: Annotated[list[Stage] | None, Doc("its stages")] = None


class SegmentUpdated(Data, rename={"of": "entity"}):
    """A segment of records was defined."""

    type = "crm.segment.updated"
    of: Annotated[Code | None, Doc("the sort of records that it is of, as in subjects")] = None
    where: Where = None
    cadence_days: Annotated[Quantity | None, Doc("how often its records should be touched, in days")] = None


class FieldUpdated(Data):
    """A custom field was defined; the subject is `field/<entity>.<key>`."""

    type = "crm.field.updated"
    label: Annotated[str | None, Doc("what a person reads")] = None
    kind: Annotated[Literal["text", "number", "date", "choice"] | None, Doc("what it holds")] = None
    required: Annotated[bool | None, Doc("must be filled")] = None
    choices: Annotated[list[str] | None, Doc("what may be chosen")] = None
    pattern: Annotated[str | None, Doc("regular expression (RE2) that all of a proper value matches")] = None
    capture_minutes: Annotated[Quantity | None, Doc("how long it takes to fill in")] = None


class FxRateSet(Data):
    """An exchange rate holds from a date on; the subject is `fx/<currency>/<date>`."""

    type = "crm.fx_rate.set"
    entity = "fx"
    rate: Annotated[Rate, Doc("what 1 unit is worth in the organisation's currency, a positive decimal string")]


class GoalSet(Data):
    """Somebody is to reach something."""

    type = "crm.goal.set"
    kpi: Annotated[Code, Doc("id of the KPI")]
    assignee: Assignee
    target: Annotated[Number | Money, Doc("what to reach, in the KPI's unit; an amount may name its currency")]
    stat: Annotated[Literal["p50", "p90", "mean", "count", "sum"] | None, Doc("which figure of the KPI")] = None
    params: Annotated[Scalars | None, Doc("parameters of the KPI")] = None
    period: Annotated[Literal["week", "month", "quarter", "year"] | None, Doc("repeats by calendar")] = None
    start: Annotated[Date | None, Doc("first day, where there is no period")] = None
    end: Annotated[Date | None, Doc("last day, where there is no period")] = None
    where: Where = None
    direction: Annotated[Literal["at_least", "at_most"] | None, Doc("absent: at_least")] = None
    pace: Annotated[Literal["linear", "working_days"] | None, Doc("how progress is expected to come")] = None
    milestones: Annotated[list[Quantity] | None, Doc("shares of the target that are announced, such as 0.5")] = None


class GoalDeleted(Data):
    """A goal no longer holds."""

    type = "crm.goal.deleted"
