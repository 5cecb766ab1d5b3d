"""Tasks and appointments."""

from aggregators.formulas import Count, Ratio
from aggregators.kpi import Kpi

AREA = "Tasks, appointments & overdue"

KPIS: tuple[Kpi, ...] = (
    Kpi("tasks_completed", AREA, "core", "count", "tasks", "user team org", Count("tasks_completed"),
        "Tasks done, at the first completion since they were last reopened, credited to the assignee of then."),
    Kpi("tasks_overdue", AREA, "core", "gauge", "tasks", "user team org", Count("tasks_overdue"),
        "Tasks open as of an instant whose due instant is before it. A due date without a time is the end of that day where the "
        "assignee is, else where the organisation is."),
    Kpi("task_on_time_rate", AREA, "core", "ratio", "ratio", "user team org",
        Ratio(("tasks_on_time",), ("tasks_due_done", "tasks_due_open")),
        "Tasks done by their due instant / tasks whose due instant is in the window and that are done or past it, credited to the "
        "assignee at that instant. Those cancelled undone and those without a due are left out; the latest due and the completion of "
        "tasks_completed count. One that is done counts at once, in the window of its due.", due=True),
    Kpi("assignments_unfulfilled", AREA, "core", "gauge", "tasks", "user team org", Count("assignments_unfulfilled"),
        "Tasks that somebody gave to somebody else (`assigned_by` is not the assignee) and that are overdue as of an instant, or "
        "were cancelled without having been done. One that nobody has counts, too."),
    Kpi("appointments_scheduled", AREA, "core", "count", "appts", "user team org activity", Count("appointments_scheduled"),
        "Meetings whose latest start is in the window, to come or past, cancelled ones too, credited to the owner at the start."),
    Kpi("appointments_executed", AREA, "core", "count", "appts", "user team org activity", Count("appointments_executed"),
        "Those of appointments_scheduled whose latest status is completed."),
    Kpi("appointment_execution_rate", AREA, "derived", "ratio", "ratio", "user team org activity",
        Ratio(("appointments_executed",), ("appointments_expected",)),
        "appointments_executed / those of appointments_scheduled whose start is past and that were not cancelled. Who cancelled is "
        "not told, so no cancelled one counts.", due=True),
    Kpi("appointments_overdue", AREA, "core", "gauge", "appts", "user team org", Count("appointments_overdue"),
        "Meetings whose end (or start, where no end is given or it is before the start) is past as of an instant and that were "
        "neither completed nor cancelled nor missed by then."),
)  # fmt: skip
