"""The command `crmpulse`: each command checks the settings and what it needs, then runs one function."""

from __future__ import annotations

import gc
import importlib.metadata
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from typer.core import TyperGroup

from crmpulse import logging, names, reach, settings
from crmpulse.settings import CannotStartError, Settings

CANNOT_START = 2
DIFFERS = 1
SHOWN = ("id", "area", "kind", "unit", "definition")
SELDOM = 200_000, 20, 100
"""When the collector of cycles looks: tables, records and answers are many objects and no cycles. A sixth to a third of the time of
large answers went there."""


class _WithSettings(TyperGroup):
    def format_help(self, ctx: typer.Context, formatter: object) -> None:  # type: ignore[override]
        super().format_help(ctx, formatter)  # type: ignore[arg-type]
        table = _table(("Variable", "Default", "Meaning"))
        for setting in settings.describe():
            table.add_row(setting.variable, setting.default or "(empty)", setting.help)
        _console().print(Panel(table, title="Settings (environment variables)", title_align="left", border_style="dim"))


app = typer.Typer(
    cls=_WithSettings,
    help="Live, exact KPIs from a stream of CRM events.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks are long, and show the values of variables
)


def main() -> None:
    """Run the command line; what stops a start is a message and exit code 2, not a traceback."""
    app()


@app.callback(invoke_without_command=True)
def _alone(version: Annotated[bool, typer.Option("--version", help="Show the version and end.")] = False) -> None:
    if version:
        typer.echo(importlib.metadata.version("crmpulse"))
        raise typer.Exit


@app.command()
def up(
    replay: Annotated[Path | None, typer.Option(exists=True, help="A file of events to feed first.")] = None,
    data: Annotated[Path | None, typer.Option(exists=True, help="A folder with a maven-crm export to feed.")] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="A generated company at work, in the organisation demo.")
    ] = False,
) -> None:
    """Run the whole service on this machine: broker, Redis, worker and API."""
    with _start() as checked:
        if sum(map(bool, (replay, data, demo))) > 1:
            raise CannotStartError("--demo, --data and --replay each say what to begin with: give one of them.")
        from crmpulse import up as whole  # noqa: PLC0415

        whole.run(checked, demo=demo, data=data, replay=replay)


@app.command()
def worker() -> None:
    """Run one stream worker; start more of them to share the partitions."""
    with _start(reach.kafka, reach.redis) as checked:
        from crmpulse.standings import Standings  # noqa: PLC0415
        from streams import worker as streams_worker  # noqa: PLC0415

        streams_worker.run(checked, Standings)


@app.command()
def api() -> None:
    """Run the query API with ingest and scoreboard."""
    with _start(reach.kafka, reach.redis) as checked:
        from api import server  # noqa: PLC0415

        server.run(checked)


@app.command()
def topics() -> None:
    """Create the topics that are missing, and say how the others differ from the settings."""
    with _start(reach.kafka) as checked:
        from streams import topics as streams_topics  # noqa: PLC0415

        _end_with(streams_topics.ensure(checked), fine="The topics are as they should be.")


@app.command()
def replay(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE…", exists=True, help="Files, or the folder of an export.")
    ],
    format: Annotated[str, typer.Option(help="What the files are: jsonl, or the name of a known export.")] = "jsonl",
    rate: Annotated[float, typer.Option(min=0, help="Most events a second; 0: as fast as it goes.")] = 0,
    org: Annotated[str, typer.Option(help="The organisation to publish to; empty: as the files say.")] = "",
    shift_to_now: Annotated[
        bool, typer.Option("--shift-to-now", help="Move all times so the last event is now.")
    ] = False,
) -> None:
    """Publish files of events."""
    with _start(reach.kafka) as checked:
        from crmpulse import replay as feed  # noqa: PLC0415

        feed.replay(checked, paths, format, rate, shift_to_now, org)


@app.command()
def kpis(
    as_json: Annotated[bool, typer.Option("--json", help="All of the catalogue, as JSON.")] = False,
    check: Annotated[
        str, typer.Option(metavar="FILE", help="Check a file of KPIs of one's own, and run its tests.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --check: also count them over the log, without touching the tables.")
    ] = False,
) -> None:
    """Show the catalogue of KPIs, or check KPIs of one's own."""
    if check:
        _check_kpis(check, dry_run=dry_run)
        return
    with _start():
        if dry_run:
            raise CannotStartError("--dry-run goes with --check FILE.")
        _show_kpis(as_json=as_json)


@app.command()
def verify() -> None:
    """Recount from the log and compare every number with the live tables."""
    with _start(reach.kafka, reach.redis) as checked:
        from streams import verify as recount  # noqa: PLC0415

        advice = "What to do: docs/runbook.md, making the tables anew with crmpulse rebuild."
        _end_with(recount.verify(checked), fine="Every number is what the log says.", advice=advice)


@app.command()
def rebuild(
    org: Annotated[str, typer.Option(help="Only the tables of this organisation.")] = "",
    partitions: Annotated[
        int, typer.Option(min=0, max=10_000, help="For so many partitions, of a new topic.", show_default=False)
    ] = 0,
) -> None:
    """Make all tables anew from the log beside the live ones, compare them with a recount, and switch in one step."""
    fine = "The tables were made anew, and every number is what the log says."
    with _start(reach.kafka, reach.redis) as checked:
        _end_with(_rebuilt(checked, org, partitions), fine=fine)


def _rebuilt(checked: Settings, org: str, partitions: int) -> list[str]:
    if org and partitions:
        raise CannotStartError(
            "Give either --org or --partitions: the number of partitions is that of all organisations."
        )
    if partitions:
        from streams import repartition  # noqa: PLC0415

        return repartition.rebuild(checked, partitions)
    if org:
        from streams import rebuild_org  # noqa: PLC0415

        return rebuild_org.rebuild(checked, org)
    from streams import rebuild as streams_rebuild  # noqa: PLC0415

    return streams_rebuild.rebuild(checked)


@contextmanager
def _start(*needs: reach.Need) -> Iterator[Settings]:
    try:
        checked = settings.load(names.mistakes)
        logging.configure(checked)
        reach.require(checked, needs)
        gc.set_threshold(*SELDOM)
        yield checked
    except CannotStartError as error:
        _end(str(error))
    except Exception as error:
        if not reach.is_lost(error):
            raise
        _end(
            f"{type(error).__name__}: {error}\n"
            f"Is it Kafka at CRMPULSE_KAFKA={checked.kafka} and Redis at CRMPULSE_REDIS={checked.redis}, and are "
            "the login and TLS that they want set (CRMPULSE_KAFKA_SECURITY_PROTOCOL, CRMPULSE_REDIS_TLS, …)?"
        )


def _show_kpis(*, as_json: bool) -> None:
    from aggregators.catalogue import KPIS  # noqa: PLC0415

    if as_json:
        rows = [
            {**{name: getattr(kpi, name) for name in (*SHOWN, "version", "params")}, "dimensions": kpi.by}
            for kpi in KPIS
        ]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    table = _table(SHOWN)
    for kpi in KPIS:
        table.add_row(*(getattr(kpi, name) for name in SHOWN))
    _console().print(table)


def _check_kpis(path: str, *, dry_run: bool) -> None:
    """Say what came of each test of a file, and what its KPIs are over the log."""
    from crmpulse import own_kpis  # noqa: PLC0415

    try:
        checked = settings.load()
        entries, failed = own_kpis.adopt(path), 0
        for name, differences in own_kpis.tried(entries, checked):
            failed += bool(differences)
            typer.echo(
                "\n".join([f"{'FAILED' if differences else 'passed'}  {name}", *(f"    {d}" for d in differences)])
            )
        typer.echo(f"{len(entries)} KPIs, {failed} tests failed.")
        if dry_run:
            reach.require(checked, (reach.kafka,))
            table = _table(("organisation", "kpi", "value"))
            for row in own_kpis.counted(checked):
                table.add_row(*row)
            _console().print(table)
    except CannotStartError as error:
        _end(str(error))
    if failed:
        raise typer.Exit(DIFFERS)


def _end(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(CANNOT_START)


def _end_with(differences: list[str], fine: str, advice: str = "") -> NoReturn:
    typer.echo("\n".join(differences) or fine)
    if differences and advice:
        typer.echo(f"{len(differences)} differences. {advice}", err=True)
    raise typer.Exit(DIFFERS if differences else 0)


def _console() -> Console:
    return Console(markup=False, highlight=False)


def _table(columns: tuple[str, ...]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
