"""Questions: what parameters mean, and that all that is wrong with them is said at once."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregators.catalogue import BY_ID, KPIS
from aggregators.org import Org
from aggregators.windows import UNITS, text
from api.query.errors import ImpossibleError, Mistake, UnknownError
from api.query.question import SELECTORS, Question, dimensions, kpi_of, question
from tests.telling import params

WON = BY_ID["deals_won"]
BERLIN = Org({"org/demo": {"time_zone": "Europe/Berlin", "week_start": "sunday", "fiscal_year_start_month": 4}})


def asked(text: str, kpi: str = "deals_won", org: Org = BERLIN) -> Question:
    return question(BY_ID[kpi], params(text), org)


def problems(text: str, kpi: str = "deals_won") -> dict[str, Mistake]:
    with pytest.raises(ImpossibleError) as raised:
        asked(text, kpi)
    return {problem.parameter: problem for problem in raised.value.mistakes}


def span(text_: str, kpi: str = "deals_won") -> tuple[str, str]:
    found = asked(text_, kpi)
    return text(found.window.from_ms, BERLIN.calendar), text(found.window.to_ms, BERLIN.calendar)


def test_without_parameters_it_is_all_time_of_the_organisation_now() -> None:
    found = question(WON, {}, BERLIN)
    assert (found.scope, found.by, found.every, found.where, found.compare, found.credit) == (
        "org",
        (),
        "",
        (),
        "",
        "at_event",
    )
    assert (found.limit, found.cursor) == (100, 0)
    assert found.at_ms == found.now_ms < found.window.to_ms


@pytest.mark.parametrize(("asks", "start", "end"), [
    ("window=this_month&now=2026-03-31T23:30", "2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"),
    ("window=this_week&now=2026-03-29", "2026-03-29T00:00:00+01:00", "2026-04-05T00:00:00+02:00"),
    ("window=this_year&now=2026-03-29", "2025-04-01T00:00:00+02:00", "2026-04-01T00:00:00+02:00"),
    ("from=2026-03-29&to=2026-03-30", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),
    ("from=2026-03-29T12:00&to=2026-03-29T11:00:00Z", "2026-03-29T12:00:00+02:00", "2026-03-29T13:00:00+02:00"),
    ("from=2026-03-29", "2026-03-29T00:00:00+01:00", "2101-01-01T00:00:00+01:00"),
    ("to=2026-03-29", "1970-01-01T00:00:00+01:00", "2026-03-29T00:00:00+01:00"),
])  # fmt: skip
def test_windows_are_in_the_organisations_calendar(asks: str, start: str, end: str) -> None:
    assert span(asks) == (start, end)


@pytest.mark.parametrize(("asks", "at"), [
    ("now=2026-03-05", "2026-03-05"), ("window=last_month&now=2026-03-05", "2026-03-01"), ("to=2026-02-01", "2026-02-01"),
    ("to=2027-02-01", "2027-02-01"), ("from=2026-02-01&now=2026-03-05", "2026-03-05"),
])  # fmt: skip
def test_a_gauge_is_as_of_the_end_that_is_named_else_of_now(asks: str, at: str) -> None:
    assert text(asked(asks, "deals_open").at_ms, BERLIN.calendar)[:10] == at


def test_lists_and_filters_are_read_in_order() -> None:
    found = asked("by=user,custom.size,user&where=source:a:b&where=custom.x:&where=product:(none)")
    assert found.by == ("user", "custom.size")
    assert found.where == (("source", "a:b"), ("custom.x", ""), ("product", "(none)"))


def test_all_that_is_wrong_is_said_at_once_with_the_nearest_names() -> None:
    found = problems(
        "scope=teem:west&window=this_mont&by=sorce,user&every=weekly&where=regio:x&compare=prev&credit=now&limit=0&cursor=-1"
        "&now=noon&stat=p50&variant=x&windw=today&now=later"
    )
    assert found.keys() == {
        "scope", "window", "by", "every", "where", "compare", "credit", "limit", "cursor", "now", "stat", "variant", "windw",
    }  # fmt: skip
    nearest = {name: list(problem.nearest)[:1] for name, problem in found.items() if problem.nearest}
    assert nearest == {
        "window": ["this_month"], "by": ["source"], "where": ["region"], "every": ["week"], "compare": ["previous"],
        "windw": ["window"], "scope": ["org"],
    }  # fmt: skip


@pytest.mark.parametrize(("asks", "kpi", "parameter"), [
    ("window=today&from=2026-01-01", "deals_won", "window"), ("from=2026-02-01&to=2026-01-01", "deals_won", "to"),
    ("by=product", "calls_made", "by"), ("by=custom.", "deals_won", "by"), ("by=org", "deals_won", "by"),
    ("by=custom.x", "emails_sent", "by"),
    ("where=source", "deals_won", "where"), ("scope=user:", "deals_won", "scope"), ("scope=", "deals_won", "scope"),
    ("limit=10001", "deals_won", "limit"), ("limit=1&limit=2", "deals_won", "limit"), ("limit=\u0661", "deals_won", "limit"),
    ("stat=p99", "sales_cycle_length", "stat"), ("variant=cohort", "deals_won", "variant"), ("of=deals_won", "deals_won", "of"),
    ("", "rank", "of"), ("of=deal_won", "rank", "of"), ("now=2101-01-01", "deals_won", "now"), ("now=0001-01-01", "deals_won", "now"),
    ("from=2026-02-30", "deals_won", "from"), ("cursor=1.5", "deals_won", "cursor"), ("hours=business", "deals_won", "hours"),
])  # fmt: skip
def test_what_cannot_be_is_a_problem_of_its_parameter(asks: str, kpi: str, parameter: str) -> None:
    assert parameter in problems(asks, kpi)


texts = st.one_of(
    st.sampled_from(
        (
            "org",
            "user:a",
            "2026-01-01",
            "0001-01-01",
            "9999-12-31",
            "2101-01-01",
            "last_year",
            "-1",
            "9" * 5000,
            "previous",
        )
    ),
    st.datetimes().map(str),
    st.dates().map(str),
    st.text(),
    st.sampled_from(UNITS),
)


@example(KPIS[0], {"from": ["0001-01-01"], "to": ["0001-01-01"]})
@given(
    st.sampled_from(KPIS),
    st.dictionaries(st.sampled_from((*SELECTORS, "stat", "variant", "of", "x")), st.lists(texts, max_size=2)),
)
def test_any_text_is_a_question_or_a_problem(kpi: Any, given_: dict[str, list[str]]) -> None:
    try:
        found = question(kpi, given_, BERLIN)
        found.periods.previous(found.window)
        found.periods.year_before(found.window)
    except ImpossibleError as error:
        assert all(problem.reason for problem in error.mistakes)


def test_a_kpi_that_is_not_there_has_near_names() -> None:
    with pytest.raises(UnknownError, match="There is no KPI 'deal_won'; nearest: deals_won"):
        kpi_of("deal_won", BY_ID)
    with pytest.raises(UnknownError, match=r"no enabled KPI \(CRMPULSE_ENABLE\) 'deals_won'; nearest: deals_lost"):
        kpi_of("deals_won", {"deals_lost": BY_ID["deals_lost"]})


@pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.id)
def test_every_dimension_of_a_kpi_may_be_asked_by(kpi: Any) -> None:
    for name in dimensions(kpi):
        own = name.replace("<key>", "any key")
        rank = "of=deals_won&" if "of" in kpi.params and not kpi.counts else ""
        found = asked(f"{rank}by={own}&where={own}:x", kpi.id)
        assert (found.by, found.where) == ((own,), ((own, "x"),))
