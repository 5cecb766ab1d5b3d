"""A Redis Cluster of three masters and three replicas, each a process of its own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from crmpulse.embedded import HOST, Redis

NODE_TIMEOUT_MS = 2_000
FORMED_SECONDS = 30.0


class Node(Redis):
    """A node; its bus is on the port that Redis chooses, 10,000 above its own."""

    def __init__(self) -> None:
        super().__init__(append_only=True)
        while self.port > 55_000:
            super().__init__(append_only=True)

    def command(self) -> list[str]:
        """As in `Server`."""
        cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", str(NODE_TIMEOUT_MS)]
        return [*super().command(), *cluster, "--cluster-replica-validity-factor", "0"]


class RedisCluster:
    """The nodes, and what can be done to them."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes

    @property
    def addresses(self) -> str:
        """Where they listen, as the setting has it."""
        return ",".join(node.address for node in self.nodes)

    def ask(self, node: Node, *arguments: str) -> str:
        """Ask a node as a person would."""
        command = ["redis-cli", "-h", HOST, "-p", str(node.port), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def roles(self) -> dict[Node, list[str]]:
        """What each node that runs is, by its own word: its line of `CLUSTER NODES`."""
        running = [node for node in self.nodes if node.process]
        lines = {node: self.ask(node, "cluster", "nodes").splitlines() for node in running}
        return {node: next(line.split() for line in told if "myself" in line) for node, told in lines.items()}

    def masters(self) -> list[Node]:
        """The nodes that have slots now."""
        return [node for node, line in self.roles().items() if "master" in line[2] and len(line) > 8]

    def is_whole(self) -> bool:
        """Whether all nodes that run know of a master for every slot."""
        running = [node for node in self.nodes if node.process]
        return all("cluster_state:ok" in self.ask(node, "cluster", "info") for node in running)

    def has_replicas(self) -> bool:
        """Whether every master has a replica that follows it."""
        return all("state=online" in self.ask(node, "info", "replication") for node in self.masters())

    def form(self) -> None:
        """Make a cluster of them."""
        self.ask(
            self.nodes[0], "--cluster", "create", *self.addresses.split(","), "--cluster-replicas", "1", "--cluster-yes"
        )
        self.settle()

    def settle(self) -> None:
        """Wait until all slots have a master and every master a replica."""
        deadline = time.monotonic() + FORMED_SECONDS
        while not (self.is_whole() and self.has_replicas()):
            assert time.monotonic() < deadline, "the cluster does not come together"
            time.sleep(0.1)

    def has(self, key: str) -> Node:
        """The master of a key."""
        slot = int(self.ask(self.nodes[0] if self.nodes[0].process else self.nodes[1], "cluster", "keyslot", key))
        for node, line in self.roles().items():
            for first, _, last in (part.partition("-") for part in line[8:] if not part.startswith("[")):
                if "master" in line[2] and int(first) <= slot <= int(last or first):
                    return node
        raise AssertionError(f"no node has slot {slot}")

    @contextmanager
    def moving(self, key: str, share: float = 0.5) -> Iterator[None]:
        """Have a share of what is in the slot of a key moved to another master, and all of it after that."""
        source, roles = self.has(key), self.roles()
        target = next(node for node in self.masters() if node is not source)
        slot, (from_id, to_id) = (
            self.ask(source, "cluster", "keyslot", key).strip(),
            (roles[source][0], roles[target][0]),
        )
        self.ask(target, "cluster", "setslot", slot, "importing", from_id)
        self.ask(source, "cluster", "setslot", slot, "migrating", to_id)
        count = int(self.ask(source, "cluster", "countkeysinslot", slot))
        self._migrate(source, target, slot, int(count * share))
        yield
        self._migrate(source, target, slot, count)
        for node in (target, source, *self.masters()):
            self.ask(node, "cluster", "setslot", slot, "node", to_id)

    def _migrate(self, source: Node, target: Node, slot: str, count: int) -> None:
        while count > 0 and (keys := self.ask(source, "cluster", "getkeysinslot", slot, str(min(50, count))).split()):
            told = self.ask(source, "migrate", HOST, str(target.port), "", "0", "5000", "keys", *keys)
            assert told.strip() in {"OK", "NOKEY"}, told
            count -= len(keys)

    def move(self, key: str) -> None:
        """Move the slot of a key to another master, with all that is in it."""
        with self.moving(key):
            pass

    def fail_over(self, key: str) -> None:
        """Kill the master of a key, wait until its replica took over, and start it again."""
        victim = self.has(key)
        victim.kill()
        deadline = time.monotonic() + FORMED_SECONDS
        while not self.is_whole():
            assert time.monotonic() < deadline, "nobody takes over"
            time.sleep(0.1)
        victim.start()
        self.settle()


@contextmanager
def cluster() -> Iterator[RedisCluster]:
    """A cluster that is formed."""
    with ExitStack() as stack:
        made = RedisCluster([stack.enter_context(Node()) for _ in range(6)])
        made.form()
        yield made
