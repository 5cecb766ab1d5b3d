"""The query engine: questions in the form of request parameters, answers in the form of the contract."""

import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from redis.asyncio import Redis

from aggregators.catalogue import digest, enabled
from aggregators.composed import SystemReturn
from aggregators.forecasts import Forecast
from aggregators.freshness import Freshness
from aggregators.goals import Goal
from aggregators.kpi import Kpi
from aggregators.lift import Lift, Return
from aggregators.own import TIER as OWN_TIER
from aggregators.tables import LAYOUT, OrgKeys, org_keys, shard
from aggregators.unsummed import Adoption, Bottlenecks, Growth, Ranked, Score, Seasonality, Training
from aggregators.windows import utc_text
from api.query import drill, goal_kpis, goals, ranking
from api.query.adoption import tell_adoption
from api.query.answer import Tell, answer, tell_sums, unit
from api.query.bottlenecks import tell_bottlenecks
from api.query.card import card
from api.query.errors import ImpossibleError, Mistake, UnknownError
from api.query.forecast import tell_forecast
from api.query.funnel import funnel
from api.query.goal_checks import mistakes
from api.query.growth import tell_growth
from api.query.lift import tell_lift, tell_return
from api.query.memo import Memos
from api.query.peers import tell_score, tell_training
from api.query.question import RANKED, Params, Question, Reading, kpi_of, question, without
from api.query.seasonality import tell_seasonality
from api.query.system_return import tell_system_return
from api.query.tables import Directory, Tables
from crmpulse.settings import Settings
from events import partition_for
from streams import layout
from streams.layout import Layout

_TOLD_BY: dict[type, Tell] = {
    Growth: tell_growth,
    Seasonality: tell_seasonality,
    Bottlenecks: tell_bottlenecks,
    Forecast: tell_forecast,
    SystemReturn: tell_system_return,
    Lift: tell_lift,
    Return: tell_return,
    Adoption: tell_adoption,
    Freshness: tell_sums,
    Score: tell_score,
    Training: tell_training,
}
"""What gives the values of KPIs that are no sums of measures, by their formula."""


class Engine:
    """Answers questions about organisations, from the tables in Redis."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self.redis = redis
        self.settings = settings
        self.layout: Layout | None = None
        self.directories: dict[str, Directory] = {}
        self.memos = Memos()

    @property
    def kpis(self) -> Mapping[str, Kpi]:
        """Return the KPIs that are told: those of one's own only where the tables count the very same."""
        found = enabled(self.settings.enable)
        if self.layout is None or self.layout.kpis == digest():
            return found
        return {name: kpi for name, kpi in found.items() if kpi.tier != OWN_TIER}

    async def tables(self, org: str) -> Tables:
        """Return the tables of an organisation, for one answer; before anything was ever applied they are empty."""
        self.layout = self.layout or await self._read_layout()
        found = Tables(
            self.redis, self._keys(org), partial(self._find, org), self.directories, self.memos, self.settings.enable
        )
        found.kpis = self.kpis
        found.score_weights = self.settings.score_weights
        return found

    async def standing(self, org: str) -> tuple[str, int]:
        """Return where an organisation's tables last changed, `<partition>:<offset>` (-1: never), and how often its alerts did."""
        tables = await self.tables(org)
        while True:
            keys = tables.keys
            found: list[Any] = await self.redis.mget(keys.version, keys.alert_changes, keys.owner)
            version, alerts, owner = found
            if not await tables.follow(owner):
                changed = (version or b"").decode().rpartition(" ")[2] or "-1"
                return f"{self._partition(org)}:{changed}", int(alerts or 0)

    async def _find(self, org: str) -> OrgKeys:
        self.layout = None  # while it is for other KPIs there is none
        self.layout = await self._read_layout()
        return self._keys(org)

    async def _read_layout(self) -> Layout | None:
        """The layout that holds. Raises OtherTablesError where its tables lack what is told here."""
        found = await layout.read(self.redis)
        if found:
            layout.require_same(found, self.settings.enable)
        return found

    def _keys(self, org: str) -> OrgKeys:
        return org_keys(shard(self._partition(org), self.layout.layout if self.layout else LAYOUT), org)

    def _partition(self, org: str) -> int:
        return partition_for(org, self.layout.partitions if self.layout else self.settings.partitions)

    async def kpi(self, org: str, kpi_id: str, params: Params) -> dict[str, Any]:
        """Return the value of a KPI. Raises UnknownError, ImpossibleError, UnsettledError."""
        tables = await self.tables(org)
        kpi, params = kpi_of(kpi_id, tables.kpis), _of_now(params)

        async def ask(directory: Directory) -> dict[str, Any]:
            return await self._answer(question(kpi, params, directory.org), tables, directory)

        return await tables.settled(ask)

    async def export(self, org: str, params: Params) -> list[dict[str, Any]]:
        """Return the values of one or more KPIs, all read at once; without `limit` with all of their groups."""
        kpis, tables = [kpi_of(kpi_id, self.kpis) for kpi_id in _kpis(params)], await self.tables(org)
        rest = without(_of_now(params), "kpi")

        async def ask(directory: Directory) -> list[dict[str, Any]]:
            questions = [question(kpi, rest, directory.org) for kpi in kpis]
            if "limit" not in params:
                questions = [asked._replace(limit=sys.maxsize) for asked in questions]
            return [await self._answer(asked, tables, directory) for asked in questions]

        return await tables.settled(ask)

    async def _answer(self, asked: Question, tables: Tables, directory: Directory) -> dict[str, Any]:
        kpi = asked.kpi
        if asked.of and asked.of.id not in self.kpis:
            raise ImpossibleError(Mistake("of", f"{asked.of.id} is left out here by CRMPULSE_ENABLE"))
        if isinstance(kpi.formula, Ranked):
            return await ranking.answered(asked, tables, directory)
        if tell := _TOLD_BY.get(type(kpi.formula)):
            return await answer(asked, tables, directory, tell)
        return await (answer if kpi.counts else goal_kpis.answered)(asked, tables, directory)

    async def leaderboard(self, org: str, params: Params) -> dict[str, Any]:
        """Return users or teams ranked by a KPI."""
        tables = await self.tables(org)
        kpi = _named(params, tables.kpis)
        rest = without(_of_now(params), "kpi", "level", "team")

        async def ask(directory: Directory) -> dict[str, Any]:
            reading = Reading({n: params[n] for n in ("level", "team") if n in params}, ("level", "team"))
            level = reading.choice("level", ("user", "team"), "user")
            team = reading.one("team")
            if level not in kpi.by:
                levels = [one for one in ("user", "team") if one in kpi.by]
                reading.mistakes.append(Mistake("level", f"{kpi.id} is not told by {level}", levels))
            reading.done()
            asked = question(kpi, rest, directory.org, RANKED)._replace(by=(level,))
            asked = asked._replace(scope=f"team:{team}") if team else asked
            rows = await ranking.leaderboard(asked, tables, directory)
            return {"kpi": kpi.id, "unit": unit(kpi, directory.org, asked), "level": level, "rows": rows}

        return await tables.settled(ask)

    async def records(self, org: str, params: Params) -> dict[str, Any]:
        """Return the records behind a KPI's number."""
        tables = await self.tables(org)
        kpi = _named(params, tables.kpis)
        rest = without(_of_now(params), "kpi")

        async def ask(directory: Directory) -> dict[str, Any]:
            return await drill.behind(question(kpi, rest, directory.org), tables, directory)

        return await tables.settled(ask)

    async def funnel(self, org: str, params: Params) -> dict[str, Any]:
        """Return the stages of a pipeline in order, with what enters them and what comes of it."""
        tables = await self.tables(org)
        asked = _of_now(params)
        return await tables.settled(lambda directory: funnel(asked, tables, directory))

    async def record(self, org: str, entity: str, record_id: str) -> dict[str, Any]:
        """Return a record with its events and contributions; UnknownError where it is not known."""
        tables = await self.tables(org)
        found = await tables.settled(lambda directory: drill.record(entity, record_id, tables, directory))
        if found is None:
            raise UnknownError("record", f"{entity}/{record_id}", [])
        return found

    async def goals(self, org: str, params: Params) -> dict[str, Any]:
        """Return how the goals of an organisation stand, or those of one assignee (`scope`), as of `now`."""
        tables, params = await self.tables(org), _of_now(params)

        async def ask(directory: Directory) -> dict[str, Any]:
            now_ms, scope = goals.asked_about(params, directory.org)
            found = await goals.standings(tables, directory, now_ms, scope=scope)
            return {"goals": [one.told(directory.org) for one in found], "as_of": utc_text(now_ms)}

        return await tables.settled(ask)

    async def goal(self, org: str, goal_id: str, params: Params) -> dict[str, Any]:
        """Return how one goal stands as of `now`; UnknownError where there is none, or (`scope`) not of that assignee."""
        tables, params = await self.tables(org), _of_now(params)

        async def ask(directory: Directory) -> dict[str, Any]:
            now_ms, scope = goals.asked_about(params, directory.org)
            goal = goals.named(directory.org, goal_id, scope)
            [found] = await goals.standings(tables, directory, now_ms, only=goal.id)
            return found.told(directory.org)

        return await tables.settled(ask)

    async def card(self, org: str, user: str, params: Params) -> dict[str, Any]:
        """Return a user's card."""
        tables = await self.tables(org)
        asked = _of_now(params)
        return await tables.settled(lambda directory: card(user, asked, tables, directory))

    async def goal_mistakes(self, org: str, goal: Goal) -> list[Mistake]:
        """Return all that would keep a goal from being told."""
        tables = await self.tables(org)

        async def ask(directory: Directory) -> list[Mistake]:
            return mistakes(goal, directory.org, self.kpis)

        return await tables.settled(ask)

    async def directory(self, org: str) -> dict[str, Any]:
        """Return the users, teams and pipelines of an organisation, as they are known."""
        tables = await self.tables(org)

        async def ask(directory: Directory) -> dict[str, Any]:
            return dict(sorted(directory.org.entries.items()))

        return await tables.settled(ask)


def _of_now(params: Params) -> Params:
    """Return a question with its present named: asked again because the tables moved, it is the same one."""
    return params if "now" in params else {**params, "now": [utc_text(int(time.time() * 1000))]}


def _kpis(params: Params) -> list[str]:
    ids = [*dict.fromkeys(params.get("kpi", ()))]
    if not ids:
        raise ImpossibleError(Mistake("kpi", "says which KPI, once or oftener"))
    return ids


def _named(params: Params, known: Mapping[str, Kpi]) -> Kpi:
    ids: Sequence[str] = params.get("kpi", ())
    if len(ids) != 1:
        raise ImpossibleError(Mistake("kpi", "says which KPI, once"))
    kpi = kpi_of(ids[0], known)
    if not kpi.counts:
        reason = f"{kpi.id} has neither records nor a ranking of its own; name the KPI that it is made of"
        raise ImpossibleError(Mistake("kpi", reason))
    return kpi
