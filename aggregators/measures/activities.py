"""What is added up of calls, mail, messages and meetings."""

from aggregators.activities import acted, connected
from aggregators.measure import Measure, one
from aggregators.story import Facts
from aggregators.touches import FOUND_BY


def _outbound(facts: Facts) -> bool:
    return facts.get("direction") == "outbound"


def _human_mail(facts: Facts) -> bool:
    return _outbound(facts) and not facts.get("automated")


def _names(facts: Facts, name: str, *, customer: bool) -> list[str] | None:
    """What a touch of a customer, or of a prospect, is named by."""
    return [str(facts[name])] if facts["customer"] == customer else None


MEASURES: tuple[Measure, ...] = (
    Measure("touches", FOUND_BY, "count", "automated author", lambda f: not f.get("automated") and f.get("author") != "bot"),
    Measure("accounts_touched", ("account.touched",), "names", "whom outbound", lambda f: [f["whom"]] if f["outbound"] else None),
    Measure("contacts_active", ("contact.touched",), "names", "whom", lambda f: [f["whom"]]),
    Measure("chats_handled", ("chat.handled",), "names", "whom", lambda f: [f["whom"]]),
    Measure("meetings_leading", ("meeting.led",), "count", "led", lambda f: f["led"]),
    Measure("customer_touches", ("account.touched",), "names", "at_ms customer", lambda f: _names(f, "at_ms", customer=True)),
    Measure("customers_touched", ("account.touched",), "names", "whom customer", lambda f: _names(f, "whom", customer=True)),
    Measure("prospect_touches", ("account.touched",), "names", "at_ms customer", lambda f: _names(f, "at_ms", customer=False)),
    Measure("prospects_touched", ("account.touched",), "names", "whom customer", lambda f: _names(f, "whom", customer=False)),
    Measure("calls_made", ("call.logged",), "count", "direction", _outbound),
    Measure("calls_connected", ("call.logged",), "count", "direction outcome duration_ms", lambda f: _outbound(f) and connected(f)),
    Measure("calls_talked", ("call.logged",), "count", "outcome duration_ms", connected),
    Measure("talk_ms", ("call.logged",), "count", "outcome duration_ms", lambda f: f.get("duration_ms") if connected(f) else 0),
    Measure("emails_sent", ("email.logged",), "count", "direction automated", _human_mail),
    Measure("threads_due", ("thread.due",), "count", "", one),
    Measure("threads_answered", ("thread.due",), "count", "met", lambda f: f["met"]),
    Measure("mail_threads_due", ("thread.due",), "count", "activity", lambda f: f["activity"] == "email"),
    Measure("mail_threads_answered", ("thread.due",), "count", "activity met", lambda f: f["activity"] == "email" and f["met"]),
    Measure("customer_reply", ("thread.replied",), "duration", "took_ms", lambda f: f["took_ms"]),
    Measure("meetings_held", ("meeting.held",), "count", "", one),
    Measure(
        "activities_completed",
        ("call.logged", "email.logged", "message.logged", "meeting.held", "task.done"),
        "count",
        "activity direction automated author",
        acted,
    ),
)  # fmt: skip
