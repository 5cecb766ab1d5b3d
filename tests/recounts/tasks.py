"""Tasks: done, overdue, given to others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from tests.recounts.record import EVER_NS, MS_NS, Event, Part, Record, data, mentions, status, time_ns
from tests.recounts.told import Told


def tasks_done(it: Told) -> Iterator[tuple[Record, int, Event]]:
    """Task, when it was done for good, and the event that says so."""
    for task in it.live("task"):
        changes = task.happened("crm.task.status_changed")
        opened = [n for n, event in enumerate(changes) if data(event)["new"] == "reopened"]
        done = [e for n, e in enumerate(changes) if data(e)["new"] == "done" and n > max(opened, default=-1)]
        if done:
            yield task, time_ns(done[0]["time"]), done[0]


def tasks_completed(it: Told) -> Iterator[Part]:
    for task, at_ns, _ in tasks_done(it):
        yield Part(at_ns, *task.holder(at_ns), task.timeless | {"activity": "task"})


def tasks_overdue(it: Told, now_ns: int) -> Iterator[Part]:
    """`now_ns` is the last nanosecond before the instant that is asked for."""
    for task in it.live("task"):
        open_now = task.created_ns <= now_ns and status(task, "open", now_ns) not in {"done", "cancelled"}
        due_ns = task_due_ns(it, task, now_ns)
        if open_now and due_ns is not None and due_ns <= now_ns:
            yield Part(now_ns, *task.holder(now_ns), task.timeless)


def task_due_ns(it: Told, task: Record, now_ns: int) -> int | None:
    """The last instant at which it is not yet overdue."""
    said = [event for event in task.explicit if task.effective_ns(event) <= now_ns]
    dues = [due for event in [task.created, *said] if event and (due := due_said(event))]
    if not dues:
        return None
    due = dues[-1]
    if len(due) > len("YYYY-MM-DD"):
        return time_ns(due)
    user = task.owner(now_ns)
    record = it.records["user"].get(user or "")
    zone = record.final("time_zone") if record else None
    end_ns = it.midnight_ns(date.fromisoformat(due) + timedelta(days=1), ZoneInfo(zone) if zone else None)
    return end_ns - MS_NS


def due_said(event: Event) -> str | None:
    return next(mentions(event, "due_at"), None) or next(mentions(event, "due_date"), None)


def task_on_time_rate(it: Told) -> Iterator[Part]:
    done_ns = {task.key: at_ns for task, at_ns, _ in tasks_done(it)}
    for task in it.live("task"):
        due_ns = task_due_ns(it, task, EVER_NS)
        if due_ns is not None and (task.key in done_ns or status(task, "open", EVER_NS) != "cancelled"):
            on_time = task.key in done_ns and done_ns[task.key] <= due_ns
            if task.key in done_ns or due_ns // MS_NS < it.now_ns // MS_NS:
                yield Part(due_ns, *task.holder(due_ns), task.timeless, Fraction(on_time))


def assignments_unfulfilled(it: Told, now_ns: int) -> Iterator[Part]:
    for task in it.live("task"):
        state, giver = status(task, "open", now_ns), task.initial("assigned_by")
        due_ns = task_due_ns(it, task, now_ns)
        changes = [e for e in task.happened("crm.task.status_changed") if task.effective_ns(e) <= now_ns]
        settled = [data(e)["new"] for e in changes if data(e)["new"] in ("done", "reopened")][-1:] == ["done"]
        late = not settled and (state == "cancelled" or (due_ns is not None and due_ns <= now_ns))
        if task.created_ns <= now_ns and late and giver and giver != task.owner(now_ns):
            yield Part(now_ns, *task.holder(now_ns), task.timeless)


FLOWS: dict[str, Callable[[Told], Iterator[Part]]] = {
    "task_on_time_rate": task_on_time_rate,
    "tasks_completed": tasks_completed,
}
GAUGES: dict[str, Callable[[Told, int], Iterator[Part]]] = {
    "tasks_overdue": tasks_overdue,
    "assignments_unfulfilled": assignments_unfulfilled,
}
RATIOS = {"task_on_time_rate"}
