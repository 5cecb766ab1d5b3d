"""What is added up of tasks."""

from aggregators.measure import Measure, one

MEASURES: tuple[Measure, ...] = (
    Measure("tasks_completed", ("task.completed",), "count", "", one),
    Measure("tasks_overdue", ("task.overdue",), "count", "", one),
    Measure("assignments_unfulfilled", ("task.unfulfilled",), "count", "", one),
    Measure("tasks_due_open", ("task.due",), "count", "done", lambda f: not f["done"]),
    Measure("tasks_due_done", ("task.settled",), "count", "", one),
    Measure("tasks_on_time", ("task.settled",), "count", "on_time", lambda f: f["on_time"]),
    Measure("meetings_booked", ("meeting.booked",), "count", "", one),
    Measure("appointments_scheduled", ("meeting.start",), "count", "", one),
    Measure("appointments_executed", ("meeting.start",), "count", "outcome", lambda f: f["outcome"] == "completed"),
    Measure("appointments_expected", ("meeting.start",), "count", "outcome", lambda f: f["outcome"] != "cancelled"),
    Measure("appointments_overdue", ("meeting.overdue",), "count", "", one),
)  # fmt: skip
