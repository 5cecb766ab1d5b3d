"""Everything that can happen to workers, Redis, the log and what is between them, in any order."""

from __future__ import annotations

import asyncio
import json
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from aggregators.tables import begun, shard
from crmpulse.settings import Settings
from events import partition_for
from streams.mark import Mark, mark
from tests.histories import history
from tests.simulation.clock import VirtualLoop
from tests.simulation.kafka import EVENTS, LETTERS, Log
from tests.simulation.memory import Memory
from tests.simulation.network import Call, Network
from tests.simulation.recount import Recount, ages, states
from tests.simulation.worker import Worker

PARTITIONS = 2
ORGS = ("acme", "globex")
DAY_MS = 86_400_000
MOST_CALLS = 2_000
"""Calls after which a worker should have come to an end."""

POISON = (b"", b"{", b'{"specversion": "1.0"}', None)

some = st.integers(0, 200)
few = st.integers(1, 4)
workers = st.integers(0, 1)
parts = st.integers(0, PARTITIONS - 1)


class Simulation(RuleBasedStateMachine):
    """After every step the tables are the fold of what was applied; at the end everything was."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = Settings(events_topic=EVENTS, dead_letters_topic=LETTERS, partitions=PARTITIONS)
        self.loop = VirtualLoop()
        self.network = Network(self.loop)
        self.server = Memory()
        self.log = Log(PARTITIONS)
        self.started = 0
        self.seen = -1
        self.refused: set[tuple[int, int]] = set()
        self.begin()
        self.workers: list[Worker] = [self.worker(), self.worker()]
        self.share([0, 1])

    # What the simulation is made of

    def begin(self) -> None:
        """Begin the tables."""
        self.server.restore({})
        for number in range(PARTITIONS):
            self.server.set(begun(shard(number)), "0")
            self.server.set(f"{shard(number)}:mark", Mark(0).packed())
        self.applied = list(self.log.events)
        self.recounts = [Recount(self.settings, number, PARTITIONS) for number in range(PARTITIONS)]
        self.broken: set[int] = set()
        self.snapshots: list[dict[bytes, Any]] = []

    def worker(self) -> Worker:
        """Start a worker."""
        self.started += 1
        return Worker(f"w{self.started}", self.settings, self.network, self.server, self.log)

    def marks(self) -> list[Mark | None]:
        """How far each partition was applied."""
        return [mark(self.server.get(f"{shard(number)}:mark")) for number in range(PARTITIONS)]

    def settle(self) -> None:
        """Let everything go on that does not wait for a reply."""

        async def settled() -> None:
            while any(worker.is_running() for worker in self.workers):  # noqa: ASYNC110 - of virtual time
                await asyncio.sleep(0.05)

        self.loop.run_until_complete(settled())

    def share(self, choices: list[int]) -> None:
        """Hand the partitions to the workers that answer; who is in the middle of it keeps what it has."""
        able = [worker for worker in self.workers if not worker.is_paused and not worker.is_busy("rebalance")]
        kept = {tp.partition for w in self.workers if w not in able and not w.is_paused for tp in w.consumer.assigned}
        free = {*range(PARTITIONS)} - kept
        for index, worker in enumerate(able):
            worker.assign({number for number in free if choices[number] % len(able) == index})
        self.settle()

    def finish(self, worker: Worker) -> None:
        """Answer a worker until it wants nothing."""
        for _ in range(MOST_CALLS):
            calls = self.network.of(worker.name)
            if not calls:
                return
            self.network.take(calls[0]).deliver()
            self.settle()
        raise AssertionError(f"{worker.name} never comes to an end")

    def answer(self, worker: Worker, many: int) -> None:
        """Answer the oldest calls of a worker."""
        for _ in range(many):
            for call in self.network.of(worker.name)[:1]:
                self.network.take(call).deliver()
                self.settle()

    def answering(self) -> list[Call]:
        """Calls of workers that are not paused."""
        return self.network.of(*(worker.name for worker in self.workers if not worker.is_paused))

    def one_of(self, which: int) -> Call:
        """Take one of these calls off the wire."""
        calls = self.answering()
        return self.network.take(calls[which % len(calls)])

    # What is published

    @rule(seed=some, size=few, partition=parts, way=st.sampled_from(["", "", "", "stray", "repeat", "poison", "later"]))
    def say(self, seed: int, size: int, partition: int, way: str) -> None:
        """Publish events of any kind and time; or to any partition, or again, or what cannot be used; or days later."""
        past = [record.value for log in self.log.events for record in log]
        if way == "later":
            self.log.clock_ms += 100 * DAY_MS  # activities become final
        elif way == "poison":
            self.log.append(partition, POISON[seed % len(POISON)])
        elif way == "repeat" and past:
            self.log.append(partition, past[seed % len(past)])
        else:
            for event in history(Random(seed), ORGS, size):
                home = partition_for(event["orgid"], PARTITIONS)
                self.log.append(partition if way == "stray" else home, json.dumps(event).encode())

    # What workers do

    @rule(index=workers, partition=parts, most=few)
    def start(self, index: int, partition: int, most: int) -> None:
        """Fetch a batch, and begin with it unless there is one under way."""
        self.workers[index].fetch(partition, most)
        self.workers[index].apply()
        self.settle()

    @rule(seed=some, most=few)
    def go_on(self, seed: int, most: int) -> None:
        """Publish some events, and have all workers that are not paused do a batch of each partition to its end."""
        self.say(seed, 4, seed % PARTITIONS, ("", "", "stray", "poison")[seed % 4])
        for worker in self.workers:
            if not worker.is_paused:
                self.finish(worker)
                self.work(worker, most)

    @rule(seed=some, partition=parts, before=some, after=some, back=st.booleans(), on=st.booleans())
    def hand_over(self, seed: int, partition: int, before: int, after: int, back: bool, on: bool) -> None:
        """Give a partition away, and perhaps back, while its holder is in a batch; the heir begins with it, and all go on."""
        self.say(seed, 4, 0, "")
        holders = [
            index for index, worker in enumerate(self.workers) if worker.holds(partition) and not worker.is_paused
        ]
        for index in holders[:1]:
            self.start(index, partition, 100)
            self.answer(self.workers[index], before % 5)
            for heir in [1 - index, index][: 1 + back]:
                self.share([heir] * PARTITIONS)
                while self.workers[heir].is_busy("rebalance") and (calls := self.network.of(self.workers[heir].name)):
                    self.network.take(calls[-1]).deliver()  # not those of the batch, which are older
                    self.settle()
            self.start(heir, partition, 100)
            self.answer(self.workers[heir], after % 5)
            for worker in (self.workers[index], self.workers[heir]) if on else ():
                self.finish(worker)
            if on:
                self.go_on(seed, 4)

    @rule(seed=some, index=workers, partition=parts, after=some)
    def overtake(self, seed: int, index: int, partition: int, after: int) -> None:
        """Hold a commit up until its worker has given it up, claimed again and is in the middle of the same batch."""
        worker = self.workers[index]
        if worker.is_paused or worker.tasks:
            return
        self.say(seed, 4, 0, "")
        self.start(index, partition, 100)
        while (calls := self.network.of(worker.name)) and not calls[0].is_commit:
            self.answer(worker, 1)
        for call in calls[:1]:
            self.network.take(call).fail()
            self.settle()
            self.finish(worker)
            self.start(index, partition, 100)
            self.answer(worker, after % 6)
            call.run()
        self.finish(worker)
        self.go_on(seed, 4)

    @rule(index=workers, partition=parts, before=some, way=st.sampled_from(["stray", "poison"]))
    def break_off(self, index: int, partition: int, before: int, way: str) -> None:
        """Lose a request in the middle of a batch that has something to publish."""
        worker = self.workers[index]
        if worker.is_paused or worker.tasks:
            return
        self.say(before, 2, partition, way)
        self.start(index, partition, 100)
        self.answer(worker, before % 6)
        for call in self.network.of(worker.name)[:1]:
            self.network.take(call).fail()
            self.settle()
        self.finish(worker)

    @rule(index=workers)
    def follow(self, index: int) -> None:
        """Look after the tables, as a worker does every few seconds."""
        self.workers[index].follow()
        self.settle()

    @rule(choices=st.lists(workers, min_size=PARTITIONS, max_size=PARTITIONS), prompt=st.booleans())
    def rebalance(self, choices: list[int], prompt: bool) -> None:
        """Hand the partitions out anew."""
        self.share(choices)
        for worker in self.workers:
            if prompt and not worker.is_paused and not worker.is_busy("batch"):
                self.finish(worker)

    @rule(index=workers, kind=st.sampled_from(["pause or wake", "crash"]))
    def stop(self, index: int, kind: str) -> None:
        """Pause a worker, which does not hear of what happens until it goes on where it stood; or have it crash."""
        if kind == "crash":
            self.crash(index)
        else:
            self.workers[index].is_paused ^= True

    def crash(self, index: int) -> None:
        """End a worker, with its calls still on their way, and start another one, which holds nothing yet."""
        self.workers[index].end()
        self.workers[index] = self.worker()
        self.settle()

    # What becomes of calls

    @precondition(lambda self: self.answering())
    @rule(which=some, many=few)
    def deliver(self, which: int, many: int) -> None:
        """Answer some calls of a worker."""
        name = self.answering()[which % len(self.answering())].caller
        self.answer(next(worker for worker in self.workers if worker.name == name), many)

    @precondition(lambda self: self.answering())
    @rule(which=some, fate=st.sampled_from(["request", "reply", "again", "late"]))
    def lose(self, which: int, fate: str) -> None:
        """Lose a request or its reply, have the client send it again, or hold it up until the worker gives it up."""
        call = self.one_of(which)
        if fate in ("reply", "again"):
            call.run()
        if fate == "again":
            self.network.calls.append(call)
            return
        if fate == "late":
            self.network.late.append(call)
        call.fail()
        self.settle()

    @precondition(lambda self: self.network.late)
    @rule(which=some)
    def arrive(self, which: int) -> None:
        """Have a call arrive that nobody waits for any more."""
        self.network.late.pop(which % len(self.network.late)).run()

    # What becomes of Redis and of the log

    @rule(which=some, kind=st.sampled_from(["keep", "back", "both"]))
    def roll(self, which: int, kind: str) -> None:
        """Keep what Redis has, or have it go back to what it had; or both, and something is applied in between."""
        if kind != "back":
            self.snapshots.append(self.server.snapshot())
        if kind == "both":
            self.go_on(which, 4)
            which = -1
        if kind != "keep" and self.snapshots:
            self.server.restore(self.snapshots[which % len(self.snapshots)])

    @precondition(lambda self: self.snapshots)
    @rule(which=some, seed=some, index=workers, partition=parts, after=some)
    def sway(self, which: int, seed: int, index: int, partition: int, after: int) -> None:
        """Have Redis go back, and forth again in the middle of a batch, as if one that was replaced answered for a while."""
        worker = self.workers[index]
        if worker.is_paused or worker.tasks:
            return
        self.say(seed, 4, 0, "")
        now = self.server.snapshot()
        self.server.restore(self.snapshots[which % len(self.snapshots)])
        self.note_broken()
        self.start(index, partition, 100)
        self.answer(worker, after % 6)
        self.server.restore(now)
        self.finish(worker)

    @rule(number=parts, share=few, kind=st.sampled_from(["", "", "flush", "recreate", "expire", "rebuild"]))
    def lose_data(self, number: int, share: int, kind: str) -> None:
        """Empty Redis, make the log of a partition anew, drop its beginning; or do what one is told to do about it."""
        if kind == "flush":
            self.server.restore({})
            self.snapshots = []
            self.broken = set(range(PARTITIONS))
        elif kind == "recreate":
            self.recreate(number)
        elif kind == "expire":
            self.log.first[number] = max(self.log.first[number], len(self.log.events[number]) * share // 4)
        elif kind == "rebuild" and self.broken and not any(self.log.first):
            for index in range(len(self.workers)):
                self.crash(index)
            self.note_refused()
            self.begin()

    def recreate(self, number: int) -> None:
        """Make the log of a partition anew, where something of it was applied."""
        found = self.marks()[number]
        if found and found.next:
            self.note_refused()
            self.log.events[number], self.log.first[number] = [], 0
            self.broken.add(number)
            self.snapshots = []  # one of before there was anything would fit the new log, too
            for worker in self.workers:
                worker.consumer.unknown.add(number)

    # What has to be

    @invariant()
    def exact(self) -> None:
        """The tables are the fold of the log up to where it was applied."""
        if self.seen != self.server.changes:
            self.seen = self.server.changes
            for number, (found, tables) in enumerate(states(self.server, PARTITIONS)):
                log = self.applied[number]
                expected = self.recounts[number].state(log, found.next) if found else {}
                assert expected is not None, f"partition {number} was applied up to {found}, and the log has {len(log)}"
                assert tables == expected, f"partition {number} at {found}"
                counted = {ages(self.server, shard(number), resolution) for resolution in "hdm"}
                assert counted == {self.recounts[number].changed[found.next] if found else 0}, (
                    f"ages of {number} at {found}"
                )
        self.note_broken()

    def note_broken(self) -> None:
        """Remember where the log begins behind the tables."""
        for number, found in enumerate(self.marks()):
            if found and 0 < self.log.first[number] >= found.next:  # also where the record to compare is gone
                self.broken.add(number)

    @invariant()
    def halts_for_a_reason(self) -> None:
        """A partition is left alone only where log or tables are not as they were."""
        for worker in self.workers:
            assert not worker.applier.mistakes, worker.applier.mistakes
            assert worker.applier.halted.keys() <= self.broken, worker.applier.halted

    def note_refused(self) -> None:
        """Remember what the log has of dead letters."""
        for number, log in enumerate(self.applied):
            self.recounts[number].state(log, len(log))
            self.refused.update(self.recounts[number].refused.values())

    def teardown(self) -> None:
        """Heal everything, and see that everything was applied or is refused aloud."""
        try:
            self.heal()
            self.exact()
            self.halts_for_a_reason()
            self.complete()
        finally:
            for worker in self.workers:
                worker.end()
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
            self.settle()
            self.loop.run_until_complete(asyncio.sleep(1))
            self.loop.close()

    def heal(self) -> None:
        """Have every call arrive and every worker do its work."""
        while self.network.late:
            self.arrive(0)
        for worker in self.workers:
            self.finish(worker)
        holders = sorted(tp.partition for worker in self.workers for tp in worker.consumer.assigned)
        if holders != [*range(PARTITIONS)] or any(
            worker.consumer.unknown or worker.is_paused for worker in self.workers
        ):
            for worker in self.workers:
                worker.is_paused = False
            self.share([0, 1])
        for worker in self.workers * 2:  # a log that is too short is told from one whose leader is new
            self.finish(worker)
            worker.follow()
            self.settle()
            self.finish(worker)
        while sum(self.work(worker, 100) for worker in self.workers):  # they forward to each other
            pass

    def work(self, worker: Worker, most: int) -> bool:
        """Have a worker apply what there is; tell whether there was something."""
        for number in range(PARTITIONS):
            worker.fetch(number, most)
        had = bool(worker.consumer.batches)
        while worker.consumer.batches:
            worker.apply()
            self.settle()
            self.finish(worker)
        return had

    def complete(self) -> None:
        """Everything was applied, and what could not be used is a dead letter."""
        halted = set[int]().union(*(worker.applier.halted for worker in self.workers))
        needed = set[tuple[int, int]]()
        for number, found in enumerate(self.marks()):
            log = self.log.events[number]
            if number not in halted:
                assert found and (found.next == len(log) or not log), f"partition {number} at {found} of {len(log)}"
            refused = self.recounts[number].refused.items()
            needed |= {named for offset, named in refused if found and offset < found.next}
        letters = {(int(letter["partition"]), int(letter["offset"])) for letter in self.log.letters}
        self.note_refused()
        assert needed <= letters <= self.refused, (needed - letters, letters - self.refused)
