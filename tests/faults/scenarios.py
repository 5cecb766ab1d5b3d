"""What is done to workers, Redis, Kafka and the network between them; each ends when what was broken is back."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from tests.faults.world import SESSION_MS, Open, bring_back_files, keep_files

Deed = Callable[[Open], Awaitable[None]]
NOT_KEPT = "written after the append-only file was kept"  # a key that is gone where Redis went back


class Size(NamedTuple):
    """How many events are published in all, and how often the deed is done while they are applied."""

    events: int
    times: int


class Ground(NamedTuple):
    """What a scenario is played on; those of the same follow each other on the same one in the short tier."""

    workers: int = 2
    partitions: int = 6
    poison: float = 0.005
    old_redis: bool = False


class Scenario(NamedTuple):
    """A row: what is done, in words and as code, and how much of it in the short and in the long tier."""

    name: str
    told: str
    deed: Deed
    short: Size
    long: Size
    world: Ground = Ground()


async def nothing(world: Open) -> None:
    """Leave everything alone."""


async def kill_a_worker(here: Open) -> None:
    """End one as a crash would, and start it again."""
    victim = here.random.choice(here.world.workers)
    victim.kill()
    victim.start()


async def freeze_a_worker(here: Open) -> None:
    """Stop one for three session timeouts; the others take over, and it goes on where it stood."""
    victim = here.random.choice(here.world.workers)
    victim.send(signal.SIGSTOP)
    await asyncio.sleep(3 * SESSION_MS / 1000)
    victim.send(signal.SIGCONT)


async def end_a_worker(here: Open) -> None:
    """Ask one to end under load, see that it does within ten seconds, and start it again."""
    victim = here.random.choice(here.world.workers)
    here.world.resting.add(victim)
    await asyncio.to_thread(victim.terminate, 10)
    # One that has hardly begun to start does not know of signals yet, and has nothing to end in order.
    assert victim.process.returncode in {0, -signal.SIGTERM}, f"ended with {victim.process.returncode}"
    victim.start()
    here.world.resting.discard(victim)


async def storm(here: Open) -> None:
    """Have another worker come and go, so that all partitions are handed out twice."""
    world = here.world
    claimed = world.said("claimed")
    world.start(1)
    visitor = world.workers.pop()
    for _ in range(100):
        if world.said("claimed") > claimed:
            break
        await asyncio.sleep(0.1)
    visitor.kill()


async def kill_redis(here: Open) -> None:
    """End Redis as a crash would, and start it on its append-only file."""
    here.world.redis.kill()
    here.world.redis.start()


async def take_redis_back(here: Open) -> None:
    """Keep the append-only file, let the workers go on for a while, and have Redis begin with what was kept."""
    world = here.world
    kept = world.folder / "kept"
    keep_files(world.redis, kept)
    await here.client.set(NOT_KEPT, "")
    at = await here.applied()  # before more is published: workers may apply that while it is still being sent
    await here.publish(500)
    await here.reach(at + 400)
    await asyncio.sleep(here.random.random() * here.back_seconds)
    world.redis.kill()
    bring_back_files(world.redis, kept)
    world.redis.start()
    assert not await here.client.exists(NOT_KEPT), "Redis did not go back"  # workers may have caught up by now


async def fill_redis(here: Open) -> None:
    """Let Redis have no more memory for a while."""
    used = (await here.client.info("memory"))["used_memory"]
    await here.client.config_set("maxmemory", used)
    await asyncio.sleep(3)
    await here.client.config_set("maxmemory", 0)


async def make_redis_read_only(here: Open) -> None:
    """Make Redis a replica of a master that is not there, for a while."""
    await here.client.replicaof("127.0.0.1", "1")
    await asyncio.sleep(3)
    await here.client.replicaof("NO", "ONE")


async def take_redis_away(here: Open) -> None:
    """Have no Redis for a while, while events keep coming; no worker ends, and none takes more memory than before."""
    world = here.world
    pids = [worker.process.pid for worker in world.workers]
    before = sum(map(resident_bytes, pids))
    world.redis.kill()
    await here.publish(int(1_500 * here.away_seconds))
    await asyncio.sleep(here.away_seconds)
    assert [worker.process.poll() for worker in world.workers] == [None] * len(pids)
    assert sum(map(resident_bytes, pids)) < before + len(pids) * GROWTH_BYTES
    world.redis.start()


async def kill_the_broker(here: Open) -> None:
    """End Kafka as a crash would, and start it again."""
    here.world.kafka.kill()
    here.world.kafka.start()


async def slow_network(here: Open) -> None:
    """Delay everything between workers and Redis for a while."""
    here.proxy.latency_seconds = 0.05
    await asyncio.sleep(3)
    here.proxy.latency_seconds = 0.0


async def cut_replies(here: Open) -> None:
    """Reset connections in the middle of replies of Redis, wherever that is, ten times."""
    for _ in range(10):
        here.proxy.cut_after = here.random.randrange(1, 20_000)
        await asyncio.sleep(0.2)
    here.proxy.cut_after = None


async def half_open(here: Open) -> None:
    """Hold back all that is sent between workers and Redis, for longer than they wait; what was sent arrives late."""
    here.proxy.hold(back=True)
    await asyncio.sleep(here.held_seconds)
    here.proxy.hold(back=False)


GROWTH_BYTES = 100 << 20


def resident_bytes(pid: int) -> int:
    """The memory that a process takes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


MANY, FEW, ALONE, USELESS, OLD = (
    Ground(3, 12), Ground(3, 2), Ground(1, 12), Ground(poison=1.0), Ground(old_redis=True),
)  # fmt: skip
SCENARIOS = (
    Scenario("calm", "nothing is done", nothing, Size(2_000, 1), Size(100_000, 1)),
    Scenario("worker killed", "kill -9 of a worker", kill_a_worker, Size(2_000, 2), Size(200_000, 50), MANY),
    Scenario("worker frozen", "SIGSTOP for 3 session timeouts", freeze_a_worker, Size(2_000, 1), Size(50_000, 10)),
    Scenario("worker ended", "SIGTERM under load, 10 s at most", end_a_worker, Size(2_000, 1), Size(200_000, 100)),
    Scenario("rebalance storm", "another worker comes and goes", storm, Size(2_000, 1), Size(50_000, 20)),
    Scenario("more workers than partitions", "kill -9 of a worker", kill_a_worker, Size(2_000, 1), Size(50_000, 20), FEW),
    Scenario("one worker", "kill -9 of the only worker", kill_a_worker, Size(2_000, 1), Size(50_000, 20), ALONE),
    Scenario("poison only", "kill -9 of a worker, no event can be used", kill_a_worker, Size(2_000, 1), Size(30_000, 10), USELESS),
    Scenario("Redis killed", "kill -9 of Redis 7 with AOF", kill_redis, Size(2_000, 2), Size(100_000, 10)),
    Scenario("Redis 6.2 killed", "kill -9 of Redis 6.2 with AOF", kill_redis, Size(2_000, 1), Size(100_000, 10), OLD),
    Scenario("Redis went back", "an older AOF, Kafka's commit ahead, no rebalance", take_redis_back, Size(2_000, 1),
             Size(50_000, 10)),
    Scenario("Redis 6.2 went back", "an older AOF, Kafka's commit ahead, no rebalance", take_redis_back, Size(2_000, 1),
             Size(50_000, 10), OLD),
    Scenario("Redis full", "maxmemory reached for 3 s", fill_redis, Size(2_000, 1), Size(50_000, 10)),
    Scenario("Redis read-only", "a replica without a master for 3 s", make_redis_read_only, Size(2_000, 1), Size(50_000, 10)),
    Scenario("Redis away", "no Redis, events keep coming", take_redis_away, Size(2_000, 1), Size(50_000, 2)),
    Scenario("broker killed", "kill -9 of Kafka", kill_the_broker, Size(2_000, 1), Size(50_000, 5)),
    Scenario("slow network", "50 ms each way for 3 s", slow_network, Size(2_000, 1), Size(50_000, 10)),
    Scenario("replies cut", "10 resets in the middle of replies", cut_replies, Size(2_000, 1), Size(50_000, 10)),
    Scenario("half-open", "everything held back, then let through late", half_open, Size(2_000, 1), Size(50_000, 5)),
)  # fmt: skip
