"""A service that is measured: what it weighs, and how its answers are told."""

import math

import httpx2
import pytest
from redis import Redis

from bench import printed
from bench.census import KINDS, census, kind_of
from bench.process import CannotMeasureError, Servers
from bench.publish import Topic
from bench.reads import Reads
from bench.service import Answers, Service, quantile
from bench.totals import Totals
from crmpulse import embedded


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("{1.p0}:acme:u:ann:h:202601010900", "user rows"),
        ("{1.p0}:acme:u:ann:a", "user rows"),
        ("{1.p0}:acme:xu:ann:d:20260101", "user rows"),
        ("{1.p0}:acme:o:m:202601:source=web", "organisation rows"),
        ("{1.p0}:acme:r:call/1", "activities"),
        ("{1.p0}:acme:r:deal/1", "records"),
        ("{1.p0}:acme:i:deal.closed:u:ann", "drill-down"),
        ("{1.p0}:mark", "other"),
    ],
)
def test_keys_are_weighed_by_kind(key: str, kind: str) -> None:
    assert kind_of(key.encode()) == kind


def test_all_keys_are_weighed(redis_server: embedded.Redis) -> None:
    with Redis(port=redis_server.port) as redis:
        redis.flushdb()
        redis.mset({f"{{1.p0}}:acme:r:deal/{number}": "x" * 1_000 for number in range(499)})
        redis.set("{1.p0}:acme:r:deal/heavy", "x" * 5_000)
        redis.set("{1.p0}:mark", "1")
        found = census(redis)
        redis.flushdb()
    assert set(found) == set(KINDS)
    assert found["records"].keys == 500
    assert 500 * 1_000 < found["records"].size < 500 * 2_000
    assert 5_000 < found["records"].heaviest < 10_000
    assert found["activities"] == (0, 0, 0)


def service(status: int) -> Service:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(status, text="words"))
    client = httpx2.Client(transport=transport, base_url="http://127.0.0.1")
    return Service(Servers("", 0, (0, 0)), Topic("", 0, Totals({}, {})), "", None, None, client)  # type: ignore[arg-type]


def test_a_question_is_asked_until_the_time_or_the_number_is_up() -> None:
    assert service(200).ask("/", 60, most=3)[:2] == (3, 0)
    assert service(200).ask("/", 0)[:2] == (1, 0)


def test_what_the_service_cannot_do_now_is_counted_and_not_timed() -> None:
    answers = service(503).ask("/", 60, most=3)
    assert answers[:2] == (3, 3)
    assert math.isnan(answers.p50_ms)


def test_a_wrong_question_is_told() -> None:
    with pytest.raises(CannotMeasureError, match="/x was answered with 422: words"):
        service(422).ask("/x", 60)


def test_quantiles_are_figures_that_were_measured() -> None:
    assert [quantile(range(1, 101), share) for share in (0, 0.5, 0.99, 1)] == [1, 51, 100, 100]


def test_answers_are_printed_with_what_was_refused() -> None:
    table = printed.reads([Reads("how many", Answers(10, 2, 1.5, 3.25), 1_234.5)])
    assert [next(iter(column.cells)) for column in table.columns] == ["how many", "10", "2", "1.5", "3.2", "1,234"]
