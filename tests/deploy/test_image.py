"""The Dockerfile's own steps, run without Docker: in an empty environment, and the result as another user on a read-only tree."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.image
ROOT = Path(__file__).parents[2]
UID = "10001"
KEPT = ("PIP_", "SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy")
"""What an environment needs to reach a package registry."""


def steps() -> list[tuple[str, str]]:
    """The instructions of the first stage and their arguments."""
    text = (ROOT / "deploy" / "Dockerfile").read_text().replace("\\\n", " ")
    _, build, _ = text.split("\nFROM ")
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in build.splitlines()[1:] if line]


def _interpreter() -> str:
    """A Python that other users may run, where this one stands in somebody's home."""
    return shutil.which("python3", path="/usr/bin") or sys.executable


def _run(folder: Path, environment: dict[str, str], *command: str) -> str:
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def _built(folder: Path) -> Path:
    """Run the steps in a folder; return the virtual environment that goes into the image."""
    image, venv, build = folder / "python", folder / "venv", folder / "build"
    _run(folder, dict(os.environ), _interpreter(), "-m", "venv", str(image))
    build.mkdir()
    environment = {"PATH": f"{image}/bin:/usr/bin:/bin", "HOME": str(build)}
    environment |= {name: text for name, text in os.environ.items() if name.startswith(KEPT)}
    for instruction, arguments in steps():
        if instruction == "RUN":
            _run(build, environment, "sh", "-ec", re.sub(r"(?<![\w/])/venv\b", str(venv), arguments))
        elif instruction == "COPY":
            *sources, target = arguments.split()
            for source in sources:
                _copy(ROOT / source, build / target)
        else:
            assert (instruction, arguments) == ("WORKDIR", "/build")
    return venv


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target / source.name if target.is_dir() else target)


@pytest.fixture(scope="module")
def venv() -> Iterator[Path]:
    """What the image has, on a tree that nobody may write to."""
    folder = Path(tempfile.mkdtemp(prefix="crmpulse-image-"))
    folder.chmod(0o755)
    try:
        built = _built(folder)
        subprocess.run(["chmod", "-R", "a-w", str(built)], check=True)
        yield built
    finally:
        subprocess.run(["chmod", "-R", "u+w", str(folder)], check=True)
        shutil.rmtree(folder)


def as_another(venv: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the image as the user of the image, where this one may become it; else as this one."""
    become = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups"] if os.getuid() == 0 else []
    environment = {"PATH": f"{venv}/bin:/usr/bin:/bin"}
    run: Any = subprocess.run(
        [*become, *command], cwd=venv, env=environment, capture_output=True, text=True, check=False
    )
    return run  # type: ignore[no-any-return]


def test_the_command_runs_as_another_user_on_a_read_only_tree(venv: Path) -> None:
    helped = as_another(venv, "crmpulse", "--help")
    assert (helped.returncode, helped.stderr) == (0, "")
    assert "CRMPULSE_METRICS_TOKEN" in helped.stdout
    told = as_another(venv, "crmpulse", "kpis", "--json")
    assert "win_rate" in {kpi["id"] for kpi in json.loads(told.stdout)}


def test_every_part_of_the_service_is_there(venv: Path) -> None:
    parts = "import api.server, api.scrape, streams.worker, streams.topics, crmpulse.cli"
    told = as_another(venv, "python", "-Pc", f"{parts}; print(api.server.__file__)")
    assert told.stdout.startswith(str(venv)), told.stderr


def test_nobody_writes_to_the_tree(venv: Path) -> None:
    assert as_another(venv, "touch", str(venv / "written")).returncode != 0
    assert not (venv / "written").exists()
