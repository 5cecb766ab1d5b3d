"""What people do."""

from aggregators.averages import Average, Distinct
from aggregators.formulas import Count, Ratio, Share, Spent
from aggregators.kpi import Kpi
from aggregators.outreach import MEETING_DAYS
from aggregators.results import PerActivity

AREA = "Activities & productivity"

_TOUCHES = (
    "A touch is a call, an e-mail or a message that a person wrote, of ours or of theirs, or a meeting held. It is of the deal "
    "that it names; one that names none is of each deal of the lead and the contacts that it names and of its account: the one "
    "that it names, else its lead's, else that of its contacts."
)

KPIS: tuple[Kpi, ...] = (
    Kpi("activities_completed", AREA, "core", "count", "acts", "user team org activity pipeline custom",
        Count("activities_completed"),
        "Calls, outbound e-mails written by people, outbound messages not by a bot, meetings held and tasks done, credited to who "
        "did it, else to the owner. `pipeline` is that of the deal that the activity names."),
    Kpi("module_actions", AREA, "core", "count", "acts", "user team org module", Count("module_acts"),
        "What people of ours wrote, when they did, credited to `actorid`, else to the owner then; `module` is the kind of record. A "
        "call, an e-mail or a message that activities_completed counts does so once, and one of a customer that names an `actorid` "
        "too; of all other records each event counts, but for heartbeats. Left out, unless they name an `actorid`, are messages of "
        "customers and bots and tickets that customers created, leads that were inbound or came through a form, contacts that were "
        "imported or came from a form or an API, feedback, visits and runs of workflows as they came in; and deleted records, mails "
        "and messages that a machine wrote, and the directory, the calendar and goals in any case. It is answered from the records."),
    Kpi("activity_mix", AREA, "derived", "ratio", "ratio", "user team org activity channel segment",
        Share(Count("activities_completed"), "activity"),
        "activities_completed of a kind / all of them. `segment` is that of the activity, its account or its contacts."),
    Kpi("calls_per_sale", AREA, "derived", "ratio", "calls", "user team org", Ratio(("calls_talked",), ("deals_won",)),
        "Calls that connected (as in call_talk_time), inbound ones too, when they were made / deals_won in the same window."),
    Kpi("result_per_activity", AREA, "derived", "ratio", "money/act", "user team org activity",
        PerActivity("revenue_won", "activities_completed", "sales_cycle"),
        "revenue_won / activities_completed of the same window; null where nothing was done. By activity, all that was earned / the "
        "activities of that kind. Variant `lagged` takes the activities of a window that lies earlier by the p50 of the "
        "sales_cycle_length of the deals won in it, of all that is asked about alike; null where none was won.", ("variant",)),
    Kpi("calls_made", AREA, "core", "count", "calls", "user team org custom", Count("calls_made"), "Outbound calls logged."),
    Kpi("call_connect_rate", AREA, "core", "ratio", "ratio", "user team org", Ratio(("calls_connected",), ("calls_made",)),
        "Outbound calls with outcome `connected` or of at least 30 s / outbound calls."),
    Kpi("call_talk_time", AREA, "extra", "sum mean", "s", "user team org", Spent("talk_ms", "calls_talked"),
        "Sum of the durations of connected calls, inbound and outbound; `stat=mean` for their mean.", ("stat",)),
    Kpi("emails_sent", AREA, "core", "count", "emails", "user team org", Count("emails_sent"),
        "Outbound e-mails that are not automated; one per message, not per recipient."),
    Kpi("email_reply_rate", AREA, "core", "ratio", "ratio", "user team org channel source",
        Ratio(("mail_threads_answered",), ("mail_threads_due",)),
        "Threads that began with our e-mail, written by a person, and that a person answered within 14 days / those and the ones "
        "whose 14 days are past; at the answer, else at the end of these, credited to who wrote the first mail, else to its owner. "
        "An e-mail without `thread_id` is of no thread. Channel and source are those of the first mail.", due=True),
    Kpi("meetings_booked", AREA, "core", "count", "meetings", "user team org", Count("meetings_booked"),
        "Meetings scheduled, at the booking, credited to who booked it, else to the owner then. One that is cancelled or moved "
        "later still counts there; deleted ones do not."),
    Kpi("meetings_held", AREA, "core", "count", "meetings", "user team org activity", Count("meetings_held"),
        "Meetings whose latest status is completed, at their latest start, credited to who completed them, else to the owner when "
        "that was said."),
    Kpi("touches_per_won_deal", AREA, "core", "mean", "touches",
        "user team org pipeline source channel deal_type deal_subtype activity", Average("touches_won"),
        "Touches of each deal won, at its close as in deals_won, from its creation or that of its lead (`lead_id` of the deal, "
        f"`deal_id` of the lead), whichever was first, until then. {_TOUCHES} By activity, those of a kind of each of these deals, "
        "none too. `stat=p50` for the middle one.", ("stat",)),
    Kpi("touches_per_lost_deal", AREA, "core", "mean", "touches", "user team org pipeline source channel lost_reason activity",
        Average("touches_lost"),
        "Touches of each deal lost, at its close as in deals_lost, counted as in touches_per_won_deal.", ("stat",)),
    Kpi("meetings_leading_to_deal", AREA, "core", "count", "meetings", "user team org", Count("meetings_leading"),
        f"Meetings held, as meetings_held counts them, at most {MEETING_DAYS} x 24 hours before a deal of their account was "
        "created, or that name a deal which is won, and was at the earliest when they were held. The account of a meeting is "
        "that of a touch, as in accounts_touched, the account of a deal the one that it names."),
    Kpi("accounts_touched", AREA, "core", "distinct", "accounts", "user team org", Distinct("accounts_touched"),
        "Distinct accounts with a touch of ours in the window, an outbound call, e-mail or message that a person made or a meeting "
        "held, credited to who did it, else to its owner, else to that of the account. The account of a touch is the one that it "
        "names, else its deal's, else its lead's, else those of its contacts, of those that are not deleted. An account of several "
        "people counts for each, and once as a whole."),
    Kpi("chats_handled", AREA, "core", "distinct", "convs", "user team org channel", Distinct("chats_handled"),
        "Distinct conversations (`conversation_id`) with an outbound message in the window that a person wrote, credited to who wrote "
        "it, else to its owner. A conversation of several people or channels counts for each, and once as a whole."),
)  # fmt: skip
