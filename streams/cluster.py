"""A Redis Cluster as one Redis: what is read of many slots is asked of each, a transaction goes to the node that has its slot.

All keys of a partition are in one slot. While that slot is moved to another node, some of its keys are here and some there, and
a script finds only the ones that it names and that are here. So every script and every transaction names a key that never is:
a node whose slot is being moved refuses what names keys of both kinds, and whoever asks tries again until the slot has moved.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Self

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.cluster import ClusterNode, ClusterPipeline, RedisCluster
from redis.exceptions import (
    AskError,
    ClusterDownError,
    ConnectionError,
    MovedError,
    RedisClusterException,
    TimeoutError,
    TryAgainError,
)

TRIES = 10
REST_SECONDS = 0.1
MOVES = (AskError, MovedError, TryAgainError, ClusterDownError, ConnectionError, TimeoutError, RedisClusterException)


class Cluster(RedisCluster):
    """A client of a cluster, of which ``options`` hold for each node; a cluster that is away is a ``ConnectionError``."""

    def __init__(self, nodes: Sequence[tuple[str, int]], **options: Any) -> None:
        super().__init__(startup_nodes=[ClusterNode(*node) for node in nodes], **options)
        self.options = options
        self.clients: dict[str, Redis] = {}

    async def initialize(self, *args: Any, **kwargs: Any) -> Self:
        """As the client's."""
        try:
            await super().initialize(*args, **kwargs)
        except RedisClusterException as error:
            raise ConnectionError(str(error)) from error
        return self

    async def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        """As the client's."""
        try:
            return await super().execute_command(*args, **kwargs)
        except RedisClusterException as error:
            raise ConnectionError(str(error)) from error

    async def aclose(self) -> None:
        """As the client's."""
        await super().aclose()
        for client in self.clients.values():
            await client.aclose()

    def mget(self, keys: Any, *args: Any) -> Any:
        """As the client's; values of one slot are of one instant."""
        return self.mget_nonatomic(keys, *args)

    def pipeline(self, transaction: Any = None, shard_hint: Any = None) -> Any:
        """As the client's."""
        return Transaction(self) if transaction else Split(self)  # type: ignore[abstract]

    async def scan_iter(self, match: Any = None, count: int | None = None, **more: Any) -> AsyncIterator[Any]:  # type: ignore[override]
        """As the client's; keys of one slot are all there are, or a ``ConnectionError`` where it moved meanwhile."""
        tag = str(match).partition("}")[0] + "}"
        if "*" in tag or not tag.startswith("{"):
            async for key in super().scan_iter(match=match, count=count, **more):
                yield key
            return
        node = await self.node(tag)
        async for key in super().scan_iter(match=match, count=count, target_nodes=node, **more):
            yield key
        async with Transaction(self) as pipe:  # it goes wherever the slot is by now
            pipe.mget(naming(f"{tag}:mark"))
            await pipe.execute()
        if (await self.node(tag)).name != node.name:
            raise ConnectionError(f"the slot of {tag} moved")

    async def node(self, key: str) -> ClusterNode:
        """Return the node that has a key, as far as is known."""
        await self.initialize()
        try:
            return self.get_node_from_key(key)  # type: ignore[return-value]
        except RedisClusterException as error:
            raise ConnectionError(str(error)) from error

    def client(self, node: ClusterNode) -> Redis:
        """Return the connection to one node."""
        if node.name not in self.clients:
            self.clients[node.name] = Redis(host=str(node.host), port=int(node.port), **self.options)
        return self.clients[node.name]


def naming(*keys: str) -> list[str]:
    """Return keys of a partition, and the one beside them that never is."""
    return [*keys, f"{keys[0].partition('}')[0]}}}:never"]


class Split(ClusterPipeline):
    """Commands of any slots, sent together, each on its own."""

    async def execute(self, raise_on_error: bool = True, allow_redirections: bool = True) -> list[Any]:
        """As the client's."""
        try:
            found: list[Any] = await super().execute(raise_on_error, allow_redirections)
        except RedisClusterException as error:
            raise ConnectionError(str(error)) from error
        return found


class Transaction(Pipeline):
    """Commands on keys of one slot, done all at once by the node that has it; the first one begins with such a key."""

    def __init__(self, cluster: Cluster) -> None:
        unused = Redis()
        super().__init__(unused.connection_pool, unused.response_callbacks, True, None)
        self.nodes = cluster

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Do it, and again where the slot is found to be with another node."""
        commands: Iterable[Any] = list(self.command_stack)
        key = next(iter(commands))[0][1]
        self.command_stack = []
        for left in reversed(range(TRIES)):
            try:
                pipe = self.nodes.client(await self.nodes.node(key)).pipeline(transaction=True)
                pipe.command_stack = list(commands)
                found: list[Any] = await pipe.execute(raise_on_error=raise_on_error)
                return found
            except MOVES as error:
                if not left:
                    raise ConnectionError(str(error)) from error
                await self._look_again()
        raise AssertionError

    async def _look_again(self) -> None:
        await asyncio.sleep(REST_SECONDS)
        try:
            await self.nodes.nodes_manager.initialize()
        except MOVES:
            return  # the next try says so
