"""The source tree keeps its rules, and each rule would notice if it did not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import architecture as rules

ROOT = Path(__file__).parents[1]
Rule = Callable[[Path], list[str]]
Tree = dict[str, str]

LONG_FUNCTION = "def f():\n" + "    pass\n" * 70
BREACHES: list[tuple[Rule, Tree, list[str]]] = [
    (rules.imports, {"events/a.py": "import aggregators.x"}, ["events.a imports aggregators.x"]),
    (rules.imports, {"aggregators/a.py": "def f():\n    from streams import y"}, [
        "aggregators.a imports streams", "aggregators.a imports streams.y",
    ]),
    (rules.imports, {"streams/__init__.py": "from .b import c", "streams/a.py": "from crmpulse import cli, settings"}, [
        "streams.a imports crmpulse.cli",
    ]),
    (rules.imports, {"crmpulse/settings.py": "import events"}, ["crmpulse.settings imports events"]),
    (rules.imports, {"crmpulse/up.py": "import bench"}, ["crmpulse.up imports bench"]),
    (rules.imports, {"bench/a.py": "from tests.services import Kafka\nimport tests.conftest"}, [
        "bench.a imports tests.conftest",
    ]),
    (rules.imports, {"deploy/a.py": "from api.query import overview\nimport api.server"}, ["deploy.a imports api.server"]),
    (rules.read_side, {
        "api/a.py": "import streams.tables", "streams/tables.py": "", "streams/__init__.py": "from . import worker",
        "streams/worker.py": "import faust",
    }, ["api reaches streams.worker, which imports faust"]),
    (rules.sizes, {"events/a.py": "x = 1\n" * 301, "tests/test_a.py": "x = 1\n" * 301}, ["events/a.py has 301 lines"]),
    (rules.sizes, {"events/a.py": rules.GENERATED + "\n" + "x = 1\n" * 301}, []),
    (rules.sizes, {"tests/test_a.py": LONG_FUNCTION}, ["tests/test_a.py: f has 71 lines"]),
    (rules.commented_code, {"events/a.py": "# x = 1\n"}, ["events/a.py:1:1: ERA001 Found commented-out code"]),
    (rules.foreign_hosts, {"api/a.py": "A = 'redis://cache.corp:1'\nB = '10.0.0.7'\nC = 'http://127.0.0.1:1'\n"}, [
        "api/a.py:1: cache.corp", "api/a.py:2: 10.0.0.7",
    ]),
    (rules.machine_paths, {"Makefile": "run:\n\t/home/me/x\n", "events/a.py": "A = '../tmp/x'\n"}, [
        "Makefile:2: /home/me/x",
    ]),
    (rules.undeclared, {
        "pyproject.toml": "[project]\ndependencies = ['faust-streaming>=1', 'redis']\n",
        "streams/a.py": "import json, redis.asyncio\nfrom faust import App\nimport structlog\nimport nothing_known\n",
    }, ["streams.a imports nothing_known", "streams.a imports structlog"]),
    (rules.untyped, {f"{package}/py.typed": "" for package in rules.PACKAGES if package != "api"}, ["api"]),
    (rules.addresses_in_locks, {"requirements.lock": "a==1 \\\n--index-url https://x.test/simple\n"}, [
        "requirements.lock:2: --index-url https://x.test/simple",
    ]),
]  # fmt: skip
RULES = sorted({rule for rule, _, _ in BREACHES}, key=lambda rule: rule.__name__)
IMPORT_ALL = """
import importlib, pathlib, sys
root = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(root))
for path in sorted(root.rglob("*.py")):
    name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
    module = importlib.import_module(name)
    assert pathlib.Path(module.__file__) == path, module.__file__
"""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps_the_rule(rule: Rule) -> None:
    assert rule(ROOT) == []


@pytest.mark.parametrize(("rule", "tree", "findings"), BREACHES, ids=lambda value: getattr(value, "__name__", ""))
def test_the_rule_notices_a_breach(rule: Rule, tree: Tree, findings: list[str], tmp_path: Path) -> None:
    _plant(tmp_path, tree)
    assert [finding.removeprefix(f"{tmp_path}/") for finding in rule(tmp_path)] == findings


def test_the_wheel_has_every_file_and_runs_without_the_checkout(tmp_path: Path) -> None:
    wheel = rules.build_wheel(ROOT, tmp_path)
    assert rules.missing_in_wheel(ROOT, wheel) == []

    installed = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(installed)]
    subprocess.run([*pip, str(wheel)], check=True)
    subprocess.run([sys.executable, "-P", "-W", "error", "-c", IMPORT_ALL, str(installed)], check=True, cwd=tmp_path)
    assert (installed / "bin" / "crmpulse").exists()


def test_a_package_left_out_of_the_wheel_is_noticed(tmp_path: Path) -> None:
    project = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    project += '[project]\nname = "x"\nversion = "1"\n[tool.hatch.build.targets.wheel]\npackages = ["events"]\n'
    _plant(tmp_path, {"pyproject.toml": project, "events/__init__.py": "", "streams/commit.lua": "", "api/x.html": ""})
    wheel = rules.build_wheel(tmp_path, tmp_path / "dist")
    assert rules.missing_in_wheel(tmp_path, wheel) == ["api/x.html", "streams/commit.lua"]


def _plant(root: Path, tree: Tree) -> None:
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
