"""The engines, as data: how each is run once over a topic, and what it must have counted."""

import json
import shutil
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from bench import ours, totals
from bench.peers import prepare, results
from bench.process import Child, Servers, told
from bench.publish import PARTITIONS, Topic
from bench.report import COUNTED
from bench.totals import Totals
from bench.usage import Usage

Say = Callable[[str], None]
Run = Callable[[Servers, Topic, int], Usage]
Counted = Sequence[Mapping[str, object]]
JAVA = (
    "-Xms1g -Xmx2g -XX:+UseParallelGC -Dorg.slf4j.simpleLogger.defaultLogLevel=warn "
    "--add-opens=java.base/java.lang=ALL-UNNAMED --add-opens=java.base/java.util=ALL-UNNAMED"
)


class Engine(NamedTuple):
    """An engine: ``run`` measures it over a topic with so many workers; ``slow``: over fewer events."""

    title: str
    run: Run
    slow: bool = False
    prepare: Callable[[Say], None] = lambda _: None


@dataclass(frozen=True)
class Peer:
    """A process that tells how far it is; ``left`` reads what it counted, ``due`` says what that must be."""

    name: str
    command: Sequence[str]
    left: Callable[[Child, Servers, str, str], Counted]
    due: Callable[[Topic], Counted] = lambda topic: topic.totals

    def __call__(self, servers: Servers, topic: Topic, workers: int) -> Usage:
        """Measure it over the second half of a topic, and check what it counted."""
        group = f"bench-{uuid.uuid4().hex}"
        known = {"KAFKA": servers.kafka, "TOPIC": topic.name, "EVENTS": topic.events, "GROUP": group}
        known |= {"PARTITIONS": PARTITIONS, "THREADS": workers}
        environment = {f"BENCH_{name}": str(value) for name, value in known.items()}
        with Child(self.command, environment, tells=True) as process:
            usage = told(process, topic.events, servers.pids)
            for expected, counted in zip(self.due(topic), self.left(process, servers, group, topic.name), strict=True):
                totals.check(self.name, expected, counted)
        return usage


def _file(process: Child, *_: object) -> Counted:
    counted: Counted = json.loads((process.folder / COUNTED).read_text())
    return counted


def _topics(_: Child, servers: Servers, group: str, __: str) -> Totals:
    return results.of_jvm(servers.kafka, group)


def _changelog(_: Child, servers: Servers, group: str, topic: str) -> Totals:
    return results.of_quix(servers.kafka, group, topic)


def _usable(topic: Topic) -> Counted:
    return [{"usable": topic.events}]


def _calls(topic: Topic) -> Counted:
    return [{key: row[0] for key, row in topic.totals.rows.items() if row[0]}]


def _own(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _faust(module: str) -> list[str]:
    return _own(module, "worker", "--without-web", "-l", "error")


def _peer(module: str) -> list[str]:
    return [str(prepare.PYTHON), "-W", "ignore", "-m", module]


def _jvm(folder: str) -> list[str]:
    return [shutil.which("java") or "java", *JAVA.split(), "-cp", prepare.class_path(folder), "bench.Main"]


def _worker(enable: str) -> Run:
    return partial(ours.measured, enable=enable)


LIMIT, OURS = "limit", "crmpulse"
ENGINES: dict[str, Engine] = {
    LIMIT: Engine("bare drain and decode", Peer("the limit", _own("bench.limit"), _file, _usable)),
    OURS: Engine("crmpulse, the 12 measures, exactly once", _worker(ours.TWELVE)),
    "crmpulse-all": Engine("crmpulse, every KPI, exactly once", _worker("")),
    "flink": Engine(
        "Flink 2.1, exactly once", Peer("Flink", _jvm("flink"), _topics), prepare=partial(prepare.java, "flink")
    ),
    "kafka-streams": Engine(
        "Kafka Streams 4.1, exactly_once_v2",
        Peer("Kafka Streams", _jvm("kafka_streams"), _topics),
        prepare=partial(prepare.java, "kafka_streams"),
    ),
    "bytewax": Engine(
        "Bytewax, snapshots",
        Peer("Bytewax", _peer("bench.peers.bytewax_measures"), _file),
        slow=True,
        prepare=prepare.python,
    ),
    "quix": Engine(
        "Quix Streams, exactly once",
        Peer("Quix Streams", _peer("bench.peers.quix_measures"), _changelog),
        slow=True,
        prepare=prepare.python,
    ),
    "faust": Engine(
        "idiomatic Faust agent", Peer("the Faust agent", _faust("bench.peers.faust_measures"), _file), slow=True
    ),
    "faust-calls": Engine(
        "idiomatic Faust agent, calls only",
        Peer("the Faust agent of calls", _faust("bench.peers.faust_calls"), _file, _calls),
        slow=True,
    ),
}
