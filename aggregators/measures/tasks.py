"""What is added up of tasks."""

from aggregators.measure import Measure, one

MEASURES: tuple[Measure, ...] = (
    Measure("tasks_completed", ("task.completed",), "count", "", one),
    Measure("tasks_overdue", ("task.overdue",), "count", "", one),
)  # fmt: skip
