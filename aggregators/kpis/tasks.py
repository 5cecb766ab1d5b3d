"""Tasks and appointments."""

from aggregators.formulas import Count
from aggregators.kpi import Kpi

AREA = "Tasks, appointments & overdue"

KPIS: tuple[Kpi, ...] = (
    Kpi("tasks_completed", AREA, "core", "count", "tasks", "user team org", Count("tasks_completed"),
        "Tasks done, at the first completion since they were last reopened or cancelled, credited to the assignee of then."),
    Kpi("tasks_overdue", AREA, "core", "gauge", "tasks", "user team org", Count("tasks_overdue"),
        "Tasks open as of an instant whose due instant is before it. A due date without a time is the end of that day where the "
        "assignee is, else where the organisation is."),
)  # fmt: skip
