"""Whatever people can use is documented, and what the documentation names exists."""

from __future__ import annotations

import re
from pathlib import Path

import typer.main
from typer.core import TyperGroup

from aggregators.alerts import RULES
from aggregators.catalogue import KPIS
from api.app import create_app
from api.reference import openapi
from crmpulse import cli
from crmpulse.settings import Settings, describe
from events import EVENTS

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    page
    for page in ROOT.rglob("*.md")
    if not any(part.startswith(".") or part in ("node_modules", "target") for part in page.relative_to(ROOT).parts)
)
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(cli.app)


def document(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_every_event_type_is_documented() -> None:
    assert [name for name in EVENTS if name not in document("events/README.md")] == []


def test_every_kpi_is_documented() -> None:
    assert [kpi.id for kpi in KPIS if f"### {kpi.id}\n" not in document("kpis.md")] == []


def test_every_setting_is_documented() -> None:
    assert [setting.variable for setting in describe() if f"`{setting.variable}`" not in document("settings.md")] == []


def test_every_alert_rule_is_documented() -> None:
    assert [rule.name for rule in RULES if f"| `{rule.name}` | " not in document("api.md")] == []


def test_every_command_is_in_the_readme() -> None:
    assert isinstance(COMMANDS, TyperGroup)
    assert [name for name in COMMANDS.commands if f"| `crmpulse {name}" not in README] == []


def test_every_route_is_documented() -> None:
    api = create_app(Settings())
    paths = openapi(api.title, api.routes)["paths"]
    text = document("api.md")
    assert "/v1/kpis/{id}" in paths
    missing = [
        path for path in paths if not re.search(rf"[`\s]{re.escape(re.sub(':path}', '}', path))}(?![\w/{{])", text)
    ]
    assert missing == []


def test_the_commands_of_the_readme_exist_with_their_options() -> None:
    assert isinstance(COMMANDS, TyperGroup)
    for line in README.splitlines():
        for name, rest in re.findall(r"(?:^\$ |`)crmpulse ([a-z]+)([^`#]*)", line):
            assert name in COMMANDS.commands, line
            known = {option for parameter in COMMANDS.commands[name].params for option in parameter.opts}
            named = re.findall(r"--[a-z-]+", rest if line.startswith("$") else line)
            assert set(named) <= known | {"--help"}, line


def test_the_make_targets_that_pages_name_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert set(re.findall(r"(?:`|\$ )make ([a-z-]+)", text)) <= targets, page


def links() -> list[tuple[str, str]]:
    """Page and target of every relative link."""
    found = [
        (page, target)
        for page in PAGES
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
        if not re.match(r"[a-z]+:", target)
    ]
    return [(str(page.relative_to(ROOT)), target) for page, target in dict.fromkeys(found)]


def test_there_are_links_to_check() -> None:
    assert ("README.md", "docs/kpis.md") in links()


def test_links_lead_somewhere() -> None:
    assert [f"{page}: {target}" for page, target in links() if not _leads_somewhere(ROOT / page, target)] == []


def _leads_somewhere(page: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    file = page.parent / path if path else page
    return file.exists() and (not anchor or anchor in _anchors(file.read_text(encoding="utf-8")))


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
