"""The shapes of answers, for the reference: answers are made elsewhere, and tests hold them against these."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Number = int | float | None


class Shape(BaseModel):
    """An answer that has at least these members."""

    model_config = ConfigDict(extra="allow")


class Accepted(Shape):
    """All events were acknowledged by the broker."""

    accepted: int = Field(description="how many", examples=[1])
    position: str = Field(description="where the last one lies in the log; give it as `after`", examples=["7:1234"])


class Problem(Shape):
    """What went wrong (RFC 9457)."""

    type: str = Field(description="the kind of problem", examples=["urn:crmpulse:problem:invalid-parameter"])
    title: str = Field(description="the kind of problem, for people")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="what went wrong this time")
    instance: str = Field(description="the path that was asked")
    errors: list[dict[str, Any]] = Field([], description="each of several mistakes")
    nearest: list[str] = Field([], description="names that are like the one that is not known")


class Kpi(Shape):
    """An entry of the catalogue."""

    id: str = Field(examples=["win_rate"])
    area: str
    tier: str = Field(description="core, derived or extra")
    kind: str = Field(description="count, sum, ratio, mean, duration, gauge, distinct or rank")
    unit: str = Field(description="`money` is the organisation's currency, `s` seconds")
    definition: str
    dimensions: list[str] = Field(description="what `by` and `where` may name")
    params: list[str] = Field(description="further parameters of its questions")
    version: int = Field(description="grows when the definition changes")


class Catalogue(Shape):
    """All KPIs."""

    kpis: list[Kpi]


class Measured(Shape):
    """A value with what it is made of. Caveats such as `fx_missing` ride along where they apply."""

    value: Number = Field(description="null where there is nothing to divide by")
    numerator: Number = None
    denominator: Number = None
    n: int | None = Field(None, description="how many facts the value rests on")
    compare: dict[str, Number] | None = Field(
        None, description="the other window's `value`, and the `change` since: a share of it"
    )


class Group(Measured):
    """The value of one group."""

    key: dict[str, str]


class Bucket(Measured):
    """The value of one bucket of a series."""

    from_: str = Field(alias="from")
    to: str
    groups: list[Group] = []


class Value(Measured):
    """The answer to a question about a KPI."""

    kpi: str = Field(examples=["win_rate"])
    version: int
    unit: str = Field(description="an ISO 4217 code where it is money", examples=["ratio"])
    scope: str
    groups: list[Group] = []
    series: list[Bucket] = []
    cursor: str | None = Field(None, description="where there are more groups: gives the next page")
    as_of: str | None = Field(None, description="the instant that the answer speaks of")


class Milestone(Shape):
    """A share of the target that is announced."""

    share: float
    reached: bool


class Goal(Shape):
    """A goal, and how it stands. Caveats such as `fx_missing` ride along where they apply."""

    goal: str = Field(description="its id", examples=["q3-revenue"])
    name: str | None
    kpi: str = Field(examples=["revenue_won"])
    unit: str | None = Field(description="an ISO 4217 code where it is money")
    assignee: str = Field(description="`org`, `team:<id>` or `user:<id>`")
    assignee_name: str
    target: Number = Field(description="the target that holds, in the unit; null where its currency has no rate")
    direction: str = Field(description="at_least or at_most")
    period: str | None = Field(description="week, month, quarter or year; null where it has dates of its own")
    from_: str | None = Field(alias="from", description="begin of the period")
    to: str | None = Field(description="end of the period, not in it")
    where: dict[str, Any]
    stat: str | None
    params: dict[str, Any]
    progress: Number = Field(description="the KPI's value in the period so far")
    attainment: Number = Field(description="progress / target; at_most: target / progress")
    expected_by_now: Number = Field(
        description="target x elapsed share of the period; of a ratio, mean or gauge the target"
    )
    pace: Number = Field(description="progress / expected; at_most: expected / progress")
    projection: Number = Field(description="progress / elapsed share; of a ratio, mean or gauge the progress")
    state: str | None = Field(
        description="on_track, at_risk, off_track, reached or missed; null where it cannot be told"
    )
    milestones: list[Milestone] = Field(description="of an at_least goal")
    problem: str | None = Field(None, description="why the goal cannot be told")
    as_of: str


class Goals(Shape):
    """Goals, by id."""

    goals: list[Goal]
    as_of: str


class Ranked(Shape):
    """A row of a leaderboard."""

    rank: int | None = Field(description="null where there is no value")
    id: str
    name: str
    value: Number
    previous_rank: int | None = Field(description="in the window before")


class Leaderboard(Shape):
    """Users or teams by a KPI, the best first."""

    kpi: str
    unit: str
    level: str
    rows: list[Ranked]


class Stage(Shape):
    """A stage of a pipeline."""

    id: str
    name: str
    entered: int = Field(description="deals that first entered it in the window, or passed it over on their way")
    converted: int = Field(description="those of them that to date went on to a later stage, or are won")
    skipped: int = Field(description="those of the entered that passed it over")
    rate: Number = Field(description="converted / entered; null where none entered")
    time_in_stage: Number = Field(
        description="of the deals that last left it in the window, in seconds; p50, or `stat`"
    )
    open_now: int = Field(description="deals that are open in it as of the window's end, or of now")


class Funnel(Shape):
    """A pipeline, stage by stage."""

    pipeline: str
    name: str | None
    scope: str
    stages: list[Stage] = Field(description="in the pipeline's order, then those that it does not list")
    as_of: str = Field(description="the instant of `open_now`")


class Contributing(Measured):
    """A record behind a number, and what it adds."""

    record: str = Field(examples=["deal/123"])
    name: str | None = None
    owner_id: str | None = None
    time: str


class Records(Shape):
    """A page of the records behind a number."""

    kpi: str
    scope: str
    total: int
    records: list[Contributing]
    cursor: str | None = None


class Record(Shape):
    """A record: its state, its events, and what it contributes."""

    record: str = Field(examples=["deal/123"])
    deleted: bool
    state: dict[str, Any]
    events: list[dict[str, Any]]
    contributions: list[dict[str, Any]]


class Alert(Shape):
    """What a rule has to say about a record."""

    id: str = Field(description="also of the event that told it")
    rule: str = Field(examples=["task_overdue"])
    record: str = Field(examples=["task/123"])
    name: str | None = Field(description="of the record")
    owner_id: str | None = Field(description="who owns the record now; of one that resolved, who did")
    owner_name: str | None
    manager_id: str | None = Field(description="of the owner, else of the team, else of the team above")
    since: str = Field(description="the instant of the cause")
    value: Any = Field(description="what the rule measured: a deal's value, a goal's pace")
    state: str = Field(description="firing or resolved")
    fired_at: str
    resolved_at: str | None = None
    acknowledged_by: str | None = None
    acknowledged_at: str | None = None


class Alerts(Shape):
    """Alerts, the latest cause first."""

    total: int
    alerts: list[Alert]
    cursor: str | None = None


class Listed(Shape):
    """Records of which some are told."""

    total: int
    records: list[dict[str, Any]]


class Card(Shape):
    """A person on one page."""

    user: dict[str, Any]
    goals: list[dict[str, Any]]
    kpis: list[Value]
    rank: dict[str, Any] = Field(description="`of` which KPI, rank, value, previous rank, among how many")
    calls: list[dict[str, Any]] = Field(description="the last ones: direction, outcome, with whom, duration in seconds")
    tasks: list[dict[str, Any]] = Field(
        description="the last ones that are done or have a due: status, due, whether overdue"
    )
    open_leads: Listed
    clients: Listed = Field(description="accounts of won deals")
    time_in_system: Number = Field(description="seconds in the window; null where the KPI is not enabled")
    as_of: str
