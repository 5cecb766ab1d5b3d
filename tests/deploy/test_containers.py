"""What builds and runs the containers is well-formed, and its steps work where nothing else is. There is no Docker in tests."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from crmpulse import settings

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
OURS = {"topics", "worker", "api"}


def _run(*command: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, **more)


def _checked(file: str) -> subprocess.CompletedProcess[str]:
    return _run(str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", file)


def test_the_compose_file_is_one() -> None:
    checked = _checked("docker-compose.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_compose_file_that_is_none_is_noticed(tmp_path: Path) -> None:
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text((ROOT / "docker-compose.yml").read_text().replace("read_only: true", "read_only: [1]"))
    assert _checked(str(wrong)).returncode == 1


def test_the_linter_finds_nothing_in_the_dockerfile() -> None:
    linted = _run(str(BIN / "hadolint"), "--no-color", "deploy/Dockerfile")
    assert (linted.returncode, linted.stdout) == (0, "")


def test_the_linter_would_find_something() -> None:
    linted = _run(str(BIN / "hadolint"), "-", input="FROM python:latest\nRUN cd /x && pip install y\n")
    assert {"DL3006", "DL3007", "DL3013", "DL3042"} & set(re.findall(r"DL\d{4}", linted.stdout))
    assert linted.returncode == 1


@pytest.mark.parametrize("name", [name for name in COMPOSE["services"] if name not in OURS])
def test_images_of_others_are_pinned_to_a_version(name: str) -> None:
    assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+\.\d+(-\w+)?", COMPOSE["services"][name]["image"])


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_a_service_is_reached_from_this_machine_only_and_gains_no_rights(name: str) -> None:
    service = COMPOSE["services"][name]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert service["security_opt"] == ["no-new-privileges:true"]
    if name != "kafka":  # its scripts write beside themselves
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("name", [name for name in COMPOSE["services"] if name != "topics"])
def test_a_service_that_stays_says_whether_it_is_well(name: str) -> None:
    check = COMPOSE["services"][name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout"} <= check.keys()


def test_what_keeps_data_has_a_volume_and_what_is_mounted_is_there() -> None:
    mounts = [mount.split(":") for one in COMPOSE["services"].values() for mount in one.get("volumes", ())]
    assert {source for source, *_ in mounts if not source.startswith(".")} == {*COMPOSE["volumes"]}
    here = [source for source, *_ in mounts if source.startswith(".")]
    assert here
    assert [source for source in here if not (ROOT / source).exists()] == []
    assert all(options == ["ro"] for source, _, *options in mounts if source in here)


def test_settings_and_secrets_of_the_services_are_ones_that_there_are() -> None:
    known = {setting.variable for setting in settings.describe()}
    for name in OURS:
        of = COMPOSE["services"][name]["environment"]
        assert {variable for variable in of if variable.startswith("CRMPULSE_")} <= known
        secrets = {text.rpartition("/")[2] for text in of.values() if str(text).startswith("/run/secrets/")}
        assert secrets == {*COMPOSE["services"][name].get("secrets", ())}
    assert {s for one in COMPOSE["services"].values() for s in one.get("secrets", ())} == {*COMPOSE["secrets"]}


def test_prometheus_is_told_where_the_services_are() -> None:
    config = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    (api,) = jobs["crmpulse-api"]["static_configs"][0]["targets"]
    assert COMPOSE["services"]["api"]["environment"]["CRMPULSE_HTTP"].rpartition(":")[2] == api.rpartition(":")[2]
    worker = jobs["crmpulse-worker"]["dns_sd_configs"][0]
    assert COMPOSE["services"]["worker"]["environment"]["CRMPULSE_WORKER_METRICS"] == f"0.0.0.0:{worker['port']}"
    (alertmanager,) = config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    named = [api.partition(":")[0], *worker["names"], alertmanager.partition(":")[0]]
    assert {*named} <= {*COMPOSE["services"]}


def test_the_image_has_all_of_the_source_and_nobody_writes_to_it() -> None:
    _, build, image = DOCKERFILE.split("\nFROM ")
    assert "USER 10001" in image
    copied = set(re.findall(r"^COPY (\w+) \1$", build, re.MULTILINE))
    kept = set(re.findall(r"^!(\w+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    wheel = re.search(r"packages = \[(.*)\]", (ROOT / "pyproject.toml").read_text())
    assert wheel
    assert copied == {name.strip(' "') for name in wheel[1].split(",")} == kept - {"LICENSE"}
