"""The peers do the same work; what they need and what they leave is found."""

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from bench import totals
from bench.mix import Shape, mix
from bench.peers import fold, prepare, results
from bench.totals import Totals
from crmpulse.embedded import Tansu
from tests import architecture


def test_the_work_of_the_peers_in_python_is_what_happened() -> None:
    happened, counted = Totals({}, {}), Totals({}, {})
    for event in totals.happened(mix(6_000, Shape(users=20, teams=3)), happened):
        for measure, amount in fold.additions(event["type"], event["data"]):
            counted.rows.setdefault(fold.row_key(event), fold.new_row())[measure] += amount
        if event["type"].startswith("crm.deal."):
            key = fold.deal_key(event)
            counted.deals[key] = fold.moved(counted.deals.get(key), event["type"], event["data"])
    totals.check_all("the fold", happened, counted)


def test_the_modules_that_peers_share_need_nothing_but_python() -> None:
    subprocess.run([sys.executable, "-ISc", _BARE, str(prepare.HERE.parents[1])], check=True)


_BARE = "import sys; sys.path.insert(0, sys.argv[1]); import bench.report, bench.peers.fold"


def test_what_the_peers_need_is_pinned_with_hashes_and_without_addresses() -> None:
    pins = prepare.LOCK.read_text().split("\n    --hash")
    asked = re.findall(r"^[a-z-]+", (prepare.HERE / "requirements.in").read_text(), re.MULTILINE)
    assert asked
    assert [name for name in asked if not any(re.search(rf"^{name}==", pin, re.MULTILINE) for pin in pins)] == []
    assert architecture.addresses_in_locks(prepare.HERE) == []


def test_the_last_value_of_each_key_is_what_a_peer_left(tansu_broker: Tansu) -> None:
    row = [*range(12)]
    _publish(tansu_broker, "left-rows-changelog", {"org-0/u1/2026-01-01T00": struct.pack(">12q", *row)})
    _publish(
        tansu_broker, "left-deals-changelog", {"org-0/deal/1": b"open/qualify/5", "org-0/deal/2": b"open/qualify/7"}
    )
    _publish(tansu_broker, "left-deals-changelog", {"org-0/deal/1": b"won/qualify/6"})
    left = results.of_jvm(tansu_broker.address, "left")
    assert left.rows == {"org-0/u1/2026-01-01T00": row}
    assert left.deals == {"org-0/deal/1": ["won", "qualify", 6], "org-0/deal/2": ["open", "qualify", 7]}


def test_what_is_made_is_made_again_when_its_sources_are_newer(tmp_path: Path) -> None:
    source, made = tmp_path / "source", tmp_path / "made"
    source.touch()
    assert not prepare.fresh(made, [source])
    made.touch()
    assert prepare.fresh(made, [source])
    later_ns = made.stat().st_mtime_ns + 1_000_000_000
    os.utime(source, ns=(later_ns, later_ns))
    assert not prepare.fresh(made, [source])


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["no-such-command"], "no-such-command is not installed"),
        ([sys.executable, "-c", "raise SystemExit('no jar')"], "failed:\nno jar"),
    ],
)
def test_a_step_that_fails_is_named(command: list[str], words: str, tmp_path: Path) -> None:
    with pytest.raises(prepare.CannotPrepareError, match=words):
        prepare.done(command, tmp_path)


def _publish(broker: Tansu, topic: str, values: dict[str, bytes]) -> None:
    admin = AdminClient({"bootstrap.servers": broker.address})
    if topic not in admin.list_topics(timeout=10).topics:
        admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(10)
    producer = Producer({"bootstrap.servers": broker.address})
    for key, value in values.items():
        producer.produce(topic, value, key)
    assert producer.flush(10) == 0
