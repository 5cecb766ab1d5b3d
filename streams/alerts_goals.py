"""The goals of one partition's organisations: asked for how they stand when numbers changed, and once a minute."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from aggregators.alerts import OFF_PACE, member
from aggregators.ledger import encode, resolved
from aggregators.milestones import judged, read_seen
from streams.alerts import Alerts
from streams.commit import At

LOOK_MS = 60_000
"""How long a goal may go unseen while nothing changes: its pace depends on the time."""

SHARE = 20
"""An organisation whose goals take long to ask for is left alone for so many times as long."""

Standing = Mapping[str, Any]


class Standings(Protocol):
    """What is asked for goals; to be closed after use."""

    async def __call__(self, org: str) -> Sequence[Standing]:
        """Tell how an organisation's goals stand now, as `GET /v1/goals` does. Raises TimeoutError where numbers change too fast."""

    async def close(self) -> None:
        """Let go of what it needs."""


class Goals:
    """Watches the goals of a partition's organisations."""

    def __init__(self, alerts: Alerts, standings: Standings) -> None:
        self.alerts = alerts
        self.partition, self.ledger = alerts.partition, alerts.ledger
        self.standings = standings
        self.versions: dict[str, bytes | None] = {}
        self.next_ms: dict[str, int] = {}
        self.rests_ms: dict[str, int] = {}

    async def tick(self, clock_ms: Callable[[], int]) -> None:
        """Look at the goals of all organisations that have changed, or were not looked at for a minute."""
        now_ms = clock_ms()
        if self.partition.goals_due_ms > now_ms:
            return
        self.partition.goals_due_ms = now_ms + LOOK_MS
        failed: list[Exception] = []
        try:
            orgs = await self.ledger.goals()
            for org, version in (await self.ledger.versions(orgs)).items():
                if version != self.versions.get(org) or clock_ms() >= self.next_ms.get(org, 0):
                    try:
                        await self._look(org, version, clock_ms)
                    except Exception as error:  # said below: the others are not to wait for this one
                        failed.append(error)
            if failed:
                raise failed[0]
        except BaseException:
            self.partition.goals_due_ms = 0
            raise

    async def _look(self, org: str, version: bytes | None, clock_ms: Callable[[], int]) -> None:
        began_ms = clock_ms()
        if began_ms < self.rests_ms.get(org, 0) or not await self._looked(org, began_ms):
            self.partition.goals_due_ms = 0
            return
        took_ms = clock_ms() - began_ms
        self.versions[org] = version
        self.next_ms[org] = began_ms + LOOK_MS
        self.rests_ms[org] = began_ms + SHARE * took_ms

    async def _looked(self, org: str, now_ms: int) -> bool:
        """Look at an organisation's goals; tell whether what came of it is written."""
        async with self.partition.lock:
            at_ms, mark = await self.alerts.applied_ms(now_ms), self.partition.mark
            if at_ms is None or mark is None:
                return False
            at = At(self.partition.prefix, mark)
            directory = await self.partition.store.driven(self.partition.shard.directory(org), at)
        found = {standing["goal"]: standing for standing in await self.standings(org)}
        packed, history = await self.ledger.seen(org)  # after the standings: history that is in them is known then
        looks = await self.ledger.firing(org, OFF_PACE, [f"goal/{goal}" for goal in found.keys() | packed.keys()])
        changes, key = self.alerts.changes(), self.ledger.of(org).goal_standings
        for goal, standing in found.items():
            if standing["state"] is None:
                continue
            before = read_seen(packed[goal]) if goal in packed else None
            silent = before is not None and history >= before.next
            entry = looks[f"goal/{goal}"].entry
            seen, turn = judged(
                org, standing, before, entry, at_ms, silent=silent, next_offset=mark.next, directory=directory
            )
            changes.take(org, member(OFF_PACE, org, f"goal/{goal}"), turn)
            changes.seen[key][goal] = encode(seen).decode()
        for goal in packed.keys() - found.keys():
            changes.unseen[key].append(goal)
            if entry := looks[f"goal/{goal}"].entry:
                changes.take(org, member(OFF_PACE, org, f"goal/{goal}"), resolved(org, entry, at_ms))
        async with self.partition.lock:
            return await self.alerts.write(changes)
