"""Rules of the source tree: each takes a root folder and returns what breaks it, one line each."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("events", "aggregators", "streams", "api", "crmpulse")
# What a module may import of ours; the entry with the longest matching name holds.
MAY_IMPORT = {
    "events": ("events",),
    "aggregators": ("aggregators", "events"),
    "streams": ("streams", "aggregators", "events", "crmpulse.settings", "crmpulse.logging"),
    "api": ("api", "streams", "aggregators", "events", "crmpulse.settings", "crmpulse.logging"),
    "crmpulse": PACKAGES,
    "crmpulse.settings": (),
    "crmpulse.logging": ("crmpulse.settings",),
    "bench": (*PACKAGES, "bench", "tests.services"),
    "deploy": ("deploy", "api.query", "aggregators"),
}
OURS = (*PACKAGES, "bench", "deploy", "tests")
WORKER_ONLY = ("faust", "mode")
FILE_LINES = 300
FUNCTION_LINES = 70
GENERATED = "# Generated"
KNOWN_HOSTS = ("localhost", "127.0.0.1", "[::1]", "json-schema.org", "example.com", "example.org")
URL_HOST = re.compile(r"\b(?!memory:)[a-z][a-z0-9+]*://(\[[0-9a-f:]+\]|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)")
IPV4 = re.compile(r"\b(?!127\.)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?=[:\"'/\s]|$)")
MACHINE_PATH = re.compile(r"(?<![\w.}~-])/(?:work|root|home|Users|tmp|mnt|srv)/")
ADDRESS_IN_LOCK = re.compile(r"https?:|//|--(?:extra-)?index-url|--find-links")


def imports(root: Path) -> list[str]:
    """Imports that go against the direction streams -> aggregators -> events, or into tests and bench."""
    return [
        f"{module} imports {imported}"
        for module, path in _modules(root, (*PACKAGES, "bench", "deploy"))
        for imported in _imports_of_ours(module, path)
        if not _is_allowed(imported, _allowed(module))
    ]


def read_side(root: Path) -> list[str]:
    """Modules that api/ reaches, over however many imports, and that belong to the worker: they import Faust."""
    paths = dict(_modules(root, PACKAGES))
    reached: set[str] = set()
    ahead = [module for module in paths if _within(module, ("api",))]
    while ahead:
        module = ahead.pop()
        reached.add(module)
        names = {package for name in _imported(module, paths[module]) for package in _with_parents(name)} & set(paths)
        ahead.extend(names - reached - set(ahead))
    return [
        f"api reaches {module}, which imports {name}"
        for module in sorted(reached)
        for name in _imported(module, paths[module])
        if name in WORKER_ONLY
    ]


def sizes(root: Path) -> list[str]:
    """Files and functions that are too long to read in one go."""
    found = []
    for module, path in _modules(root, OURS):
        text = path.read_text()
        lines = len(text.splitlines())
        if lines > FILE_LINES and not _within(module, ("tests",)) and not text.startswith(GENERATED):
            found.append(f"{path.relative_to(root)} has {lines} lines")
        found += [
            f"{path.relative_to(root)}: {node.name} has {length} lines"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
        ]
    return found


def commented_code(root: Path) -> list[str]:
    """Code that was commented out, not deleted."""
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "ERA", "--output-format", "concise"]
    ruff = subprocess.run([*command, "--quiet", str(root)], capture_output=True, text=True, check=False)
    return ruff.stdout.splitlines()


def foreign_hosts(root: Path) -> list[str]:
    """Hosts outside this machine that code would talk to: addresses come from settings."""
    return [
        f"{path.relative_to(root)}:{number}: {host}"
        for _, path in _modules(root, (*PACKAGES, "bench", "deploy"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for host in [*URL_HOST.findall(line), *IPV4.findall(line)]
        if host not in KNOWN_HOSTS
    ]


def machine_paths(root: Path) -> list[str]:
    """Paths that only one person's machine has."""
    single = [root / name for name in ("Makefile", "pyproject.toml", "docker-compose.yml", ".ci/run")]
    folders = [path for name in (*OURS, "docs") for path in _files(root / name)]
    return [
        f"{path.relative_to(root)}:{number}: {line.strip()}"
        for path in (*single, *root.glob("*.md"), *folders)
        if path.is_file() and not path.name.endswith(Path(__file__).name)
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]


def undeclared(root: Path) -> list[str]:
    """Packages of others that ours import and pyproject.toml does not ask for."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = project.get("optional-dependencies", {}).values()
    asked = {_distribution(requirement) for group in [project["dependencies"], *extras] for requirement in group}
    providers = importlib.metadata.packages_distributions()
    return [
        f"{module} imports {top}"
        for module, path in _modules(root, PACKAGES)
        for top in sorted(
            {name.partition(".")[0] for name in _imported(module, path)} - sys.stdlib_module_names - {*OURS}
        )
        if not asked & {_distribution(provider) for provider in providers.get(top, [top])}
    ]


def untyped(root: Path) -> list[str]:
    """Packages that do not tell type checkers that they are typed."""
    return [package for package in PACKAGES if not (root / package / "py.typed").exists()]


def addresses_in_locks(root: Path) -> list[str]:
    """Lock files carry hashes; where packages come from is the installer's business."""
    return [
        f"{path.name}:{number}: {line.strip()}"
        for path in root.glob("*.lock")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if ADDRESS_IN_LOCK.search(line)
    ]


def missing_in_wheel(root: Path, wheel: Path) -> list[str]:
    """Files of our packages, code and data, that the wheel lacks."""
    packed = set(zipfile.ZipFile(wheel).namelist())
    files = (str(path.relative_to(root)) for package in PACKAGES for path in _files(root / package))
    return sorted(name for name in files if name not in packed)


def build_wheel(root: Path, into: Path) -> Path:
    """The wheel that a release would be."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(into)]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    return next(into.glob("*.whl"))


def _distribution(requirement: str) -> str:
    name = re.match(r"[\w.-]+", requirement)
    return re.sub(r"[-_.]+", "-", name[0]).lower() if name else requirement


def _files(folder: Path) -> Iterator[Path]:
    hidden = ("__pycache__", "target")
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not set(path.parts) & set(hidden))


def _modules(root: Path, packages: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    for package in packages:
        for path in _files(root / package):
            if path.suffix == ".py":
                parts = path.relative_to(root).with_suffix("").parts
                yield ".".join(parts).removesuffix(".__init__"), path


def _imports_of_ours(module: str, path: Path) -> Iterator[str]:
    return (name for name in _imported(module, path) if _within(name, OURS))


def _imported(module: str, path: Path) -> Iterator[str]:
    """Modules imported anywhere in the file, and what `from` takes from them, which may be modules too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(module, path, node)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _absolute(module: str, path: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    up = node.level - (path.name == "__init__.py")
    base = module.split(".")[: len(module.split(".")) - up]
    return ".".join([*base, *([node.module] if node.module else [])])


def _allowed(module: str) -> tuple[str, ...]:
    return MAY_IMPORT[max((name for name in MAY_IMPORT if _within(module, (name,))), key=len)]


def _is_allowed(imported: str, allowed: tuple[str, ...]) -> bool:
    return _within(imported, allowed) or any(_within(name, (imported,)) for name in allowed)


def _with_parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]


def _within(module: str, prefixes: tuple[str, ...]) -> bool:
    return any(module == prefix or module.startswith(prefix + ".") for prefix in prefixes)
