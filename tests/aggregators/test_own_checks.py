"""Every mistake of a file of KPIs of one's own is named, all at once, with what is nearest."""

from typing import Any

import pytest

from aggregators.catalogue import BY_ID
from aggregators.own_checks import read

FINE: dict[str, Any] = {
    "id": "wins",
    "definition": "Won deals.",
    "moment": "deal.closed",
    "where": {"status": "won"},
    "dimensions": ["user"],
}
EVENT: dict[str, Any] = {"id": "clicks", "definition": "Clicks.", "event": "email.engaged"}
RATIO: dict[str, Any] = {"id": "share", "definition": "A share.", "ratio": ["deals_won", "deals_created"]}


def mistakes(*entries: Any, **more: Any) -> list[str]:
    return [str(mistake) for mistake in read({"kpi": list(entries), **more}, BY_ID)[1]]


def test_a_fine_file_has_none() -> None:
    assert (
        mistakes(FINE, EVENT, RATIO, {**RATIO, "id": "more", "ratio": ["wins", "deals_won"], "dimensions": ["user"]})
        == []
    )


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({**FINE, "id": "Big-Wins"}, "kpi 1 (Big-Wins), id: 'Big-Wins' is none: a to z, 0 to 9 and _, at most 63, a letter first"),
        ({"definition": "x", "event": "email.engaged"}, "kpi 1, id: '' is none: a to z, 0 to 9 and _, at most 63, a letter first"),
        ({**FINE, "id": "win_rate"}, "kpi 1 (win_rate), id: 'win_rate' is that of a KPI of the catalogue"),
        ({**FINE, "definition": " "}, "kpi 1 (wins), definition: is missing: what it counts, in a sentence"),
        ({**FINE, "version": 0}, "kpi 1 (wins), version: 0 is not at least 1"),
        ({**FINE, "version": True}, "kpi 1 (wins), version: True is not a whole number"),
        ({**FINE, "dimensions": "user"}, "kpi 1 (wins), dimensions: 'user' is not a list"),
        ({**FINE, "wher": {}}, ("kpi 1 (wins), wher: is no member of a KPI; it has id, definition, version, area, unit, event, moment, "
         "where, sum, duration, dimensions, ratio, test; nearest: where")),
        ({**FINE, "event": "deal.won"}, "kpi 1 (wins): has event and moment; give one of event, moment, ratio"),
        ({"id": "x", "definition": "x"}, "kpi 1 (x): has nothing to count; give one of event, moment, ratio"),
        ({**EVENT, "event": "email.engage"}, "kpi 1 (clicks), event: there is no type 'email.engage'; nearest: email.engaged"),
        ({**FINE, "moment": "deal.close"}, "kpi 1 (wins), moment: there is no moment 'deal.close'; nearest: deal.closed"),
        ({**FINE, "where": {"statuz": "won"}},
         "kpi 1 (wins), where.statuz: nothing of that name is known of deal.closed; nearest: status"),
        ({**EVENT, "where": {"changed.x": 1}}, "kpi 1 (clicks), where.changed.x: nothing of that name is known of crm.email.engaged"),
        ({**FINE, "where": {"status": []}},
         ("kpi 1 (wins), where.status: [] is neither a value, nor a list of some, nor a table of is, not, "
         "at_least, below, known")),
        ({**FINE, "where": {"status": {"isnt": "won"}}},
         ("kpi 1 (wins), where.status: 'isnt' is none of is, not, at_least, below, known; "
         "nearest: is")),
        ({**FINE, "where": {"status": {"known": "yes"}}}, "kpi 1 (wins), where.status: known is true or false, not 'yes'"),
        ({**FINE, "where": {"cycle_ms": {"below": [1]}}}, "kpi 1 (wins), where.cycle_ms: below takes a number or a text, not [1]"),
        ({**FINE, "sum": "valu"},
         ("kpi 1 (wins), sum: 'valu' is no number or amount of money of deal.closed; there are amount, cycle_ms, "
         "probability, value; nearest: value")),
        ({**EVENT, "duration": "took_ms"},
         ("kpi 1 (clicks), duration: 'took_ms' is no number of milliseconds of crm.email.engaged; there are "
         "none")),
        ({**FINE, "sum": "value", "duration": "cycle_ms"}, "kpi 1 (wins), sum: cannot be given beside duration"),
        ({**FINE, "dimensions": ["usr"]},
         ("kpi 1 (wins), dimensions: 'usr' is none of user, team, org, pipeline, stage, source, channel, "
         "campaign, region, lost_reason, deal_type, deal_subtype, product, custom; nearest: user")),
        ({**RATIO, "ratio": ["deals_won"]}, "kpi 1 (share), ratio: ['deals_won'] is not two KPIs, the one above the line first"),
        ({**RATIO, "ratio": ["deals_win", "deals_won"]},
         ("kpi 1 (share), ratio: 'deals_win' is no KPI that counts or adds up; nearest: "
         "deals_won, deals_open, deals_lost")),
        ({**RATIO, "ratio": ["win_rate", "deals_won"]}, "kpi 1 (share), ratio: 'win_rate' is no KPI that counts or adds up"),
        ({**RATIO, "where": {}}, "kpi 1 (share), where: has no meaning for a ratio: it is that of its two KPIs"),
        ({**RATIO, "dimensions": ["stage"]}, "kpi 1 (share), dimensions: 'stage' is none of "),
        ({**FINE, "test": [{"events": [{}], "answer": {}}]},
         ("kpi 1 (wins), test 1.answer: is no member of a test; it has name, events, "
         "answers; nearest: answers")),
        ({**FINE, "test": [{"events": [], "answers": {"": 1}}]}, "kpi 1 (wins), test 1.events: is not a list of events"),
        ({**FINE, "test": [{"events": [{}], "answers": {}}]},
         "kpi 1 (wins), test 1.answers: is not a table of questions and their answers"),
        ({**FINE, "test": [1]}, "kpi 1 (wins), test 1: is not a table"),
    ],
)  # fmt: skip
def test_a_mistake_says_where_it_is_and_what_is_allowed(entry: dict[str, Any], said: str) -> None:
    assert any(line.startswith(said) for line in mistakes(entry)), mistakes(entry)


def test_all_mistakes_are_told_at_once() -> None:
    found = mistakes({**FINE, "version": 0, "dimensions": ["usr"]}, {**EVENT, "event": "x"}, FINE)
    assert [line.partition(":")[0] for line in found] == [
        "kpi 1 (wins), version", "kpi 1 (wins), dimensions", "kpi 2 (clicks), event", "kpi 3 (wins), id",
    ]  # fmt: skip


def test_a_file_has_kpis_and_nothing_else() -> None:
    assert mistakes() == ["the file: has no [[kpi]]"]
    assert mistakes(FINE, kpis=1) == ["the file, kpis: is no member of it; it has [[kpi]]; nearest: kpi"]
