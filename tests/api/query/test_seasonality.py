"""What a seasonality index is refused for, and that it is that of the recount."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from api.query.errors import ImpossibleError
from crmpulse.embedded import Redis
from tests.oracle import Oracle
from tests.telling import events, telling

STORY = "".join(
    f"{year}-{month:02}-{day:02} deal.won {year}{month}{day} owner_id={'ann' if day % 2 else 'bo'}\n"
    for year in range(2022, 2027)
    for month in range(1, 13)
    for day in range(1, 2 + (year * month) % 5)
)


def ms(year: int, month: int) -> int:
    return int(datetime(year + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=UTC).timestamp() * 1000)


async def test_the_months_of_a_year_have_the_indexes_of_the_recount(redis_server: Redis) -> None:
    told = events(STORY)
    oracle = Oracle(told)
    async with telling(redis_server, told) as asking:
        for scope in ("org", "user:ann", "user:bo"):
            asked = f"of=deals_won&scope={scope}&from=2026-01-01&to=2027-01-01&every=month&now=2027-06-01"
            counts = {
                (year, month): oracle.kpi("deals_won", scope, ms(year, month), ms(year, month + 1))["value"]
                for year in range(2022, 2027)
                for month in range(1, 13)
            }
            assert await asking.value("seasonality_index", asked) == [
                Fraction(4 * counts[2026, m]) / usual
                if (usual := sum(counts[y, m] for y in range(2022, 2026)))
                else None
                for m in range(1, 13)
            ]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ("", "says which KPI to tell it of"),
        ("of=growth_rate", "'growth_rate' is no KPI to tell it of"),
        ("of=deals_won&variant=week&window=this_month", "week is of windows of at most 7 days"),
        ("of=deals_won&variant=month", "'month' is none of year, week"),
        ("of=deals_won&by=category", "deals_won has no dimension 'category'"),
    ],
)
async def test_what_has_no_season_is_refused(redis_server: Redis, asked: str, reason: str) -> None:
    async with telling(redis_server, "01-05 deal.won 1") as asking:
        with pytest.raises(ImpossibleError, match=reason):
            await asking.answer("seasonality_index", asked)
