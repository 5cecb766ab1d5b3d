"""The guards that keep the tables exact, each with what takes it away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import repeat
from typing import Any

import pytest

from aggregators.shard import Writes
from streams import commit, outbox, partition
from streams.applier import Applier
from streams.commit import Answer, At, Store
from streams.mark import Mark
from streams.partition import Partition

Removal = Callable[[pytest.MonkeyPatch], None]


def without_owner(patch: pytest.MonkeyPatch) -> None:
    """Whoever believes to own a partition writes it."""
    [check] = [line for line in commit.COMPARE.splitlines() if "FENCED" in line]
    patch.setattr(commit, "COMPARE", commit.COMPARE.replace(check, ""))


def without_offsets(patch: pytest.MonkeyPatch) -> None:
    """The tables are taken to stand where the worker believes."""
    patch.setattr(commit, "POSITION", commit.POSITION + "\nat = expected\n")


def with_the_old_cache(patch: pytest.MonkeyPatch) -> None:
    """What is in memory is kept whatever a commit or a claim was answered."""
    empty = Partition._empty
    patch.setattr(Partition, "_empty", lambda self: getattr(self, "shard", None) or empty(self))


def without_standing(patch: pytest.MonkeyPatch) -> None:
    """What is read for a batch is taken as it comes, wherever the tables stand."""
    patch.setattr(At, "require", lambda self, packed: None)


def without_checksum(patch: pytest.MonkeyPatch) -> None:
    """Any record is taken for the one that was applied last."""
    patch.setattr(Mark, "fits", lambda self, record: True)


def in_two_steps(patch: pytest.MonkeyPatch) -> None:
    """The position is written first, and then the tables."""
    whole = Store.commit

    async def commit_twice(self: Store, shard: str, before: Mark, after: Mark, writes: Writes) -> Any:
        answer, stored = await whole(self, shard, before, after, Writes())
        if answer is not Answer.OK:
            return answer, stored
        return await whole(self, shard, after, after, writes)

    patch.setattr(Store, "commit", commit_twice)


def with_ages_beside(patch: pytest.MonkeyPatch) -> None:
    """How old events are is written once the tables are."""
    whole = Store.commit

    async def commit_twice(self: Store, shard: str, before: Mark, after: Mark, writes: Writes) -> Any:
        ages, writes.added = writes.added, []
        found = await whole(self, shard, before, after, writes)
        if found[0] is Answer.OK:
            await whole(self, shard, after, after, Writes(added=ages))
        return found

    patch.setattr(Store, "commit", commit_twice)


def without_acknowledgement(patch: pytest.MonkeyPatch) -> None:
    """Nobody waits for dead letters and forwards to be acknowledged."""

    async def publish(producer: Any, topic: str, *sent: Any) -> None:
        sending = asyncio.get_running_loop().create_task(outbox.publish(producer, topic, *sent))
        sending.add_done_callback(lambda done: done.cancelled() or done.exception())

    patch.setattr(partition, "publish", publish)


def with_one_owner(patch: pytest.MonkeyPatch) -> None:
    """A worker is the same owner in all its claims."""
    patch.setattr(commit, "_claims", repeat(0))


def without_beginning(patch: pytest.MonkeyPatch) -> None:
    """Nobody looks whether the log lost its beginning while it is read."""
    patch.setattr(Partition, "goes_on_from", lambda self, earliest: None)


def without_following(patch: pytest.MonkeyPatch) -> None:
    """Nobody looks after tables while nothing comes."""

    async def follow(self: Applier) -> None:
        """Do nothing."""

    patch.setattr(Applier, "follow", follow)


GUARDS: dict[str, Removal] = {
    "owner": without_owner,
    "offset": without_offsets,
    "memory": with_the_old_cache,
    "standing": without_standing,
    "checksum": without_checksum,
    "one script": in_two_steps,
    "one script for ages": with_ages_beside,
    "acknowledgement": without_acknowledgement,
    "owner of each claim": with_one_owner,
    "beginning": without_beginning,
    "following": without_following,
}
