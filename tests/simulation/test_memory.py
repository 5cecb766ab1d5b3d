from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis as Client

from aggregators.shard import Writes
from aggregators.tables import LAYOUT, shard
from crmpulse.embedded import Redis
from streams.commit import Store
from streams.mark import Mark
from tests.simulation.memory import Memory, Value

PREFIX = shard(0, LAYOUT)
names = st.sampled_from([f"{PREFIX}:{name}" for name in "abcdé"])
members = st.dictionaries(st.sampled_from(["x", "y:1", "ü"]), st.integers(0, 2**53 - 1), min_size=1, max_size=2)
packed = st.sampled_from([b"{}", b'{"calls_made":1}', "é".encode()])
every_writes = st.builds(
    Writes,
    put=st.dictionaries(names, packed, max_size=3),
    delete=st.lists(names, max_size=2),
    zadd=st.dictionaries(names.map(lambda name: f"{name}:set"), members, max_size=2),
    zrem=st.dictionaries(
        names.map(lambda name: f"{name}:set"), st.lists(st.sampled_from(["x", "ü"]), min_size=1, max_size=2), max_size=2
    ),
    hset=st.dictionaries(
        names.map(lambda name: f"{name}:hash"),
        st.dictionaries(st.sampled_from(["f", "ü"]), packed, min_size=1, max_size=2),
        max_size=2,
    ),
    added=st.lists(
        st.tuples(
            st.dictionaries(names.map(lambda name: f"{name}:sums"), st.sampled_from(["", "1000 "]), max_size=2),
            st.dictionaries(st.sampled_from(["7 /a", "ms /ü"]), st.integers(0, 2**40), max_size=2),
        ),
        max_size=2,
    ),
    causes=st.dictionaries(
        st.sampled_from(["task_overdue:o:s", "ü"]), st.sampled_from([-1, 0, 1_767_225_600_123]), max_size=2
    ),
)
marks = st.integers(0, 3).map(lambda at: Mark(at, 5, 6, at))
steps = st.one_of(
    st.tuples(st.just("claim"), st.sampled_from(["one", "other"]), st.none() | marks),
    st.tuples(st.just("commit"), st.sampled_from(["one", "other"]), marks, marks, every_writes),
)


class Direct:
    """A client whose scripts are answered at once."""

    def __init__(self, run: Callable[[str, Sequence[str], Sequence[Any]], Any]) -> None:
        self.run = run

    def register_script(self, script: str) -> Callable[..., Awaitable[Any]]:
        """As the client's."""

        async def answer(keys: Sequence[str], args: Sequence[Any]) -> Any:
            return self.run(script, keys, args)

        return answer


async def answers(run: Callable[[str, Sequence[str], Sequence[Any]], Any], told: Sequence[Any]) -> list[Any]:
    """What two owners are answered in turn."""
    stores = {name: Store(cast(Any, Direct(run)), name) for name in ("one", "other")}
    found = []
    for kind, name, *args in told:
        store = stores[name]
        found.append(await (store.claim(PREFIX, *args) if kind == "claim" else store.commit(PREFIX, *args)))
        store.owner = name  # the count that a claim adds is not the same twice
    return found


def everything(client: Any) -> dict[bytes, Value]:
    """All that a real Redis has."""
    found: dict[bytes, Value] = {}
    for key in client.scan_iter():
        kind = client.type(key)
        if kind == b"string":
            found[key] = client.get(key)
        elif kind == b"hash":
            found[key] = client.hgetall(key)
        else:
            found[key] = {name: int(score) for name, score in client.zrange(key, 0, -1, withscores=True)}
    return found


@pytest.fixture(scope="module")
def client(redis_server: Redis) -> Any:
    """A client of the real one."""
    with Client(port=redis_server.port) as made:
        yield made


@settings(max_examples=100)
@given(told=st.lists(steps, max_size=12))
async def test_the_scripts_do_in_memory_what_they_do_in_redis(client: Client, told: list[Any]) -> None:
    client.flushdb()
    memory = Memory()
    real = await answers(lambda script, keys, args: client.eval(script, len(keys), *keys, *args), told)
    assert await answers(memory.eval, told) == real
    owner = f"{PREFIX}:owner".encode()
    assert {**memory.keys, owner: b""} == {**everything(client), owner: b""}


def test_what_a_client_reads_is_there() -> None:
    memory = Memory()
    memory.set("a:1", "x")
    kept = memory.snapshot()
    memory.set("a:2", "y")
    assert memory.mget(["a:1", "a:2", "b"]) == [b"x", b"y", None]
    assert memory.starting_with("a:") == [b"a:1", b"a:2"]
    memory.restore(kept)
    assert (memory.get("a:2"), memory.hgetall("h")) == (None, {})
