from __future__ import annotations

import importlib.metadata
import json
import re
import socket
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError
from typer.testing import CliRunner, Result

from crmpulse import cli, settings
from crmpulse.embedded import free_port
from crmpulse.settings import CannotStartError, Settings
from crmpulse.standings import Standings

Calls = list[tuple[Any, ...]]
Fake = Callable[..., Calls]


def crmpulse(*arguments: str, **environment: str) -> Result:
    """The command, run as from a shell 200 columns wide."""
    return CliRunner().invoke(cli.app, arguments, env={"COLUMNS": "200", "TERM": "dumb"} | environment)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Puts `function` of `module` in place of the real one; answers the list of its calls."""

    def put(module: str, function: str, answer: object = None) -> Calls:
        calls: Calls = []

        def called(*arguments: object, **named: object) -> object:
            calls.append((*arguments, *named.values()))
            if isinstance(answer, Exception):
                raise answer
            return answer

        stand_in = types.ModuleType(module)
        setattr(stand_in, function, called)
        package, _, name = module.rpartition(".")
        monkeypatch.setitem(sys.modules, module, stand_in)
        monkeypatch.setattr(importlib.import_module(package), name, stand_in, raising=False)
        return calls

    return put


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An address that takes connections, set as Kafka's and Redis's."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setenv("CRMPULSE_KAFKA", address)
        monkeypatch.setenv("CRMPULSE_REDIS", address)
        yield address


def test_help_names_all_commands_and_all_settings_with_default_and_meaning() -> None:
    shown = crmpulse("--help").output
    for command in ("up", "worker", "api", "topics", "replay", "kpis", "verify", "rebuild"):
        assert re.search(rf"^│ {command} +[A-Z]", shown, re.MULTILINE), command
    for setting in settings.describe():
        assert re.search(
            rf"{setting.variable} +{re.escape(setting.default or '(empty)')} +{re.escape(setting.help)}", shown
        )


def test_the_version_is_the_distributions() -> None:
    assert crmpulse("--version").output.strip() == importlib.metadata.version("crmpulse")


@pytest.mark.parametrize("command", ["up", "worker", "api", "topics", "verify", "rebuild"])
def test_wrong_settings_stop_every_command_with_all_mistakes_and_exit_code_2(command: str) -> None:
    result = crmpulse(command, CRMPULSE_HTTP="here", CRMPULSE_PARTITIONS="none")
    assert result.exit_code == 2
    assert [line.split("=")[0].strip() for line in result.stderr.splitlines()] == [
        "These settings are wrong:", "CRMPULSE_HTTP", "CRMPULSE_PARTITIONS",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "missing"),
    [("worker", ["Kafka", "Redis"]), ("api", ["Kafka", "Redis"]), ("verify", ["Kafka", "Redis"]), ("topics", ["Kafka"]),
     ("replay", ["Kafka"]), ("rebuild", ["Kafka", "Redis"])],
)  # fmt: skip
def test_what_is_away_is_named_with_what_to_do(command: str, missing: list[str], tmp_path: Path) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    arguments = [str(tmp_path)] if command == "replay" else []
    result = crmpulse(command, *arguments, CRMPULSE_KAFKA=nowhere, CRMPULSE_REDIS=nowhere)
    assert result.exit_code == 2
    assert [line.split()[0] for line in result.stderr.splitlines()] == missing


@pytest.mark.usefixtures("servers")
@pytest.mark.parametrize(
    ("command", "module", "more"), [("worker", "streams.worker", [Standings]), ("api", "api.server", [])]
)
def test_a_service_runs_with_the_settings(command: str, module: str, more: list[object], fake: Fake) -> None:
    calls = fake(module, "run")
    assert crmpulse(command).exit_code == 0
    assert calls == [(settings.load(), *more)]


@pytest.mark.usefixtures("servers")
@pytest.mark.parametrize(("command", "function"), [("topics", "ensure"), ("verify", "verify"), ("rebuild", "rebuild")])
def test_differences_are_shown_and_are_exit_code_1(command: str, function: str, fake: Fake) -> None:
    fake(f"streams.{command}", function, ["crm.events: 3 partitions, not 12", "and more"])
    result = crmpulse(command)
    assert (result.exit_code, result.stdout) == (1, "crm.events: 3 partitions, not 12\nand more\n")


@pytest.mark.usefixtures("servers")
def test_a_rebuild_of_one_organisation_is_of_that_one(fake: Fake) -> None:
    calls = fake("streams.rebuild_org", "rebuild", [])
    assert crmpulse("rebuild", "--org", "acme").exit_code == 0
    assert calls == [(settings.load(), "acme")]


@pytest.mark.usefixtures("servers")
def test_a_rebuild_for_another_number_of_partitions_is_of_all_organisations(fake: Fake) -> None:
    calls = fake("streams.repartition", "rebuild", [])
    assert crmpulse("rebuild", "--partitions", "24").exit_code == 0
    assert calls == [(settings.load(), 24)]
    refused = crmpulse("rebuild", "--partitions", "24", "--org", "acme")
    assert refused.exit_code == 2
    assert "either --org or --partitions" in refused.output
    assert len(calls) == 1


@pytest.mark.usefixtures("servers")
@pytest.mark.parametrize(("command", "function"), [("topics", "ensure"), ("verify", "verify"), ("rebuild", "rebuild")])
def test_no_difference_is_said_so(command: str, function: str, fake: Fake) -> None:
    fake(f"streams.{command}", function, [])
    result = crmpulse(command)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1


@pytest.mark.usefixtures("servers")
def test_replay_takes_files_format_rate_shift_and_organisation(fake: Fake, tmp_path: Path) -> None:
    calls = fake("crmpulse.replay", "replay")
    options = ("--format", "maven-crm", "--rate", "50", "--shift-to-now", "--org", "acme")
    assert crmpulse("replay", str(tmp_path), *options).exit_code == 0
    assert calls == [(settings.load(), [tmp_path], "maven-crm", 50.0, True, "acme")]


def test_up_needs_neither_broker_nor_redis(fake: Fake, tmp_path: Path) -> None:
    calls = fake("crmpulse.up", "run")
    for arguments in ((), ("--demo",), ("--data", str(tmp_path)), ("--replay", str(tmp_path))):
        assert crmpulse("up", *arguments).exit_code == 0
    assert calls == [
        (Settings(), False, None, None),
        (Settings(), True, None, None),
        (Settings(), False, tmp_path, None),
        (Settings(), False, None, tmp_path),
    ]
    both = crmpulse("up", "--demo", "--data", str(tmp_path))
    assert (both.exit_code, len(calls)) == (2, 4)
    assert "give one of them" in both.stderr


@pytest.mark.usefixtures("servers")
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (CannotStartError("Redis may drop keys: set maxmemory-policy noeviction."), "set maxmemory-policy noeviction"),
        (KafkaConnectionError("no answer"), "Is it Kafka at CRMPULSE_KAFKA=127.0.0.1:"),
    ],
)
def test_a_fault_outside_is_a_message_and_exit_code_2(error: Exception, words: str, fake: Fake) -> None:
    fake("streams.worker", "run", error)
    result = crmpulse("worker")
    assert (result.exit_code, words in result.stderr) == (2, True)


@pytest.mark.usefixtures("servers")
def test_a_fault_of_ours_keeps_its_traceback(fake: Fake) -> None:
    fake("streams.worker", "run", fault := ZeroDivisionError())
    assert crmpulse("worker").exception is fault


def test_a_dry_run_of_no_file_is_refused() -> None:
    told = crmpulse("kpis", "--dry-run")
    assert (told.exit_code, told.stdout) == (2, "")
    assert "--check FILE" in told.stderr


def test_kpis_that_do_not_exist_cannot_be_enabled() -> None:
    told = crmpulse("worker", CRMPULSE_ENABLE="win_rate,deal_won,zzz")
    assert told.exit_code == 2
    assert "CRMPULSE_ENABLE='win_rate,deal_won,zzz': deal_won, zzz: no such KPI" in told.output
    assert "nearest: deals_won" in told.output


ALL_WRONG = {
    "CRMPULSE_LOG_LEVEL": "loud", "CRMPULSE_ENABLE": "nope", "CRMPULSE_METRICS_WINDOWS": "zz", "CRMPULSE_PARTITION": "3",
}  # fmt: skip


@pytest.mark.parametrize("command", ["up", "worker", "api", "topics", "verify", "rebuild", "kpis"])
def test_all_settings_that_are_wrong_are_named_at_once(command: str, tmp_path: Path) -> None:
    told = crmpulse(command, **ALL_WRONG)
    assert told.exit_code == 2
    assert [line.split("=")[0].strip() for line in told.stderr.splitlines()] == [
        "These settings are wrong:",
        *ALL_WRONG,
    ]
    own = tmp_path / "own.toml"
    for wrong in (own, tmp_path / "nowhere.toml"):
        own.write_text("[[kpi]]\nid = 7")
        told = crmpulse(command, CRMPULSE_KPIS=str(wrong), CRMPULSE_ENABLE="nope", CRMPULSE_LOG_LEVEL="loud")
        for name in ("CRMPULSE_KPIS", "CRMPULSE_ENABLE", "CRMPULSE_LOG_LEVEL"):
            assert f"  {name}=" in told.stderr, wrong
        assert "unless they were to come from CRMPULSE_KPIS" in told.stderr


def test_the_catalogue_is_a_table_and_json() -> None:
    whole = json.loads(crmpulse("kpis", "--json").output)
    shown = crmpulse("kpis").output
    assert {"id", "area", "kind", "unit", "definition", "dimensions", "version"} <= whole[0].keys()
    assert isinstance(whole[0]["dimensions"], list)
    assert [line.split()[0] for line in shown.splitlines() if line[0] != " "] == ["id", *(kpi["id"] for kpi in whole)]
