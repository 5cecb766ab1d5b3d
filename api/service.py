"""What the routes share: connections, tokens, the engine that answers questions."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from fastapi import Request

from aggregators.catalogue import derived_of
from api.aside import Aside
from api.auth import Caller, Tokens
from api.current import Current
from api.json_answer import JsonAnswer
from api.kpi_metrics import KpiMetrics
from api.listening import Live
from api.log import Log
from api.metrics import Metrics
from api.positions import Marks, position
from api.publisher import Publisher
from api.query.engine import Engine
from api.query.errors import ImpossibleError, Mistake
from crmpulse.settings import Settings
from events.nearest import nearest
from streams.connection import connect

T = TypeVar("T")
Params = dict[str, list[str]]


class Service:
    """What answers requests. Neither the broker nor Redis need be there when it opens, in a running event loop."""

    def __init__(self, settings: Settings, tokens: Tokens, metrics: Metrics) -> None:
        self.settings, self.tokens, self.metrics = settings, tokens, metrics
        self.redis = connect(settings, patient=False)
        self.marks = Marks(self.redis, settings)
        self.publisher = Publisher(settings, Current(self.redis, settings))
        self.log = Log(settings)
        self.engine = Engine(self.redis, settings)
        self.aside = Aside(settings)
        self.kpi_metrics = KpiMetrics(self.redis, settings, self.engine)
        self.live = Live(self.engine)
        self.publishing = self.publishing_bytes = 0

    async def told(self, kpi_id: str, ask: Callable[[Engine], Awaitable[T]]) -> T:
        """Return what an engine tells of a KPI; where that takes very many records it is told aside."""
        kpi = self.engine.kpis.get(kpi_id)
        is_long = kpi is not None and derived_of(kpi) is not None
        return await (self.aside.told(ask) if is_long else ask(self.engine))

    async def published(self, org: str, events: Sequence[bytes]) -> JsonAnswer:
        """Publish events of an organisation, and return the answer that says so. Raises as ``Publisher.publish``."""
        at = await self.publisher.publish(org, events)
        self.metrics.accepted.inc(len(events))
        return JsonAnswer({"accepted": len(events), "position": str(at)}, 202)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.aside.close()
        await self.live.close()
        await self.kpi_metrics.close()
        await self.publisher.close()
        await self.log.close()
        await self.redis.aclose()


@asynccontextmanager
async def opened(settings: Settings, tokens: Tokens, metrics: Metrics) -> AsyncIterator[Service]:
    """Give a service, and close it."""
    found = Service(settings, tokens, metrics)
    try:
        yield found
    finally:
        await found.close()


def service(request: Request) -> Service:
    """Return what answers a request."""
    found: Service = request.app.state.service
    return found


def caller(request: Request, known: Sequence[str]) -> Caller:
    """Return who asks; ImpossibleError where a query parameter is not one of the known ones."""
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if unknown:
        reason = "there is no parameter {!r} here"
        raise ImpossibleError(*(Mistake(name, reason.format(name), nearest(name, known)) for name in unknown))
    return service(request).tokens.caller(request)


async def reader(request: Request, known: Sequence[str] | None = None) -> tuple[Caller, Params]:
    """Return who asks, and the parameters of a question, once the tables include what it is to come `after`.

    ``known`` are the parameters beside `org` and `after`; without it the engine checks them.
    """
    at = service(request)
    asks = at.tokens.caller(request) if known is None else caller(request, ("org", "after", *known))
    asks.need("read")
    params: Params = {}
    for name, value in request.query_params.multi_items():
        params.setdefault(name, []).append(value)
    params.pop("org", None)
    for text in params.pop("after", []):
        await at.marks.include(asks.org, position(text))
    return asks, params


def last(params: Params, name: str, default: str) -> str:
    """Return a parameter as it was said last, ``default`` where it is not given."""
    return params.get(name, [default])[-1]
