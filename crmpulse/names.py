"""Settings that name KPIs and windows, checked against those that there are."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

from crmpulse.settings import PREFIX, CannotStartError, SettingsError


def mistakes(told: Mapping[str, str]) -> list[str]:
    """Return a line for each mistake in what the environment tells, by name of the setting; KPIs of one's own are adopted."""
    own, ids, windows = (told.get(name, "") for name in ("kpis", "enable", "metrics_windows"))
    wrong = _own_kpis(own) if own else []
    wrong += _enabled(ids, unknown_own=bool(own) and (bool(wrong) or not Path(own).is_file())) if ids else []
    return wrong + (_windows(windows) if "metrics_windows" in told else [])


def _own_kpis(path: str) -> list[str]:
    from crmpulse import own_kpis  # noqa: PLC0415 - these take long to import, and most starts need none of them

    try:
        if Path(path).is_file():
            own_kpis.adopt(path)
    except CannotStartError as error:
        return [f"{PREFIX}KPIS={path!r}: {error}".replace("\n", "\n  ")]
    return []


def _enabled(ids: str, *, unknown_own: bool) -> list[str]:
    from aggregators.catalogue import BY_ID, UnknownKpisError, enabled  # noqa: PLC0415

    try:
        enabled(ids)
    except UnknownKpisError as unknown:
        near = [near for name in unknown.ids for near in difflib.get_close_matches(name, BY_ID, n=1)]
        hint = f"; nearest: {', '.join(near)}" if near else ""
        hint += f", unless they were to come from {PREFIX}KPIS" if unknown_own else ""
        return [f"{PREFIX}ENABLE={ids!r}: {', '.join(unknown.ids)}: no such KPI, `crmpulse kpis` lists them{hint}"]
    return []


def _windows(text: str) -> list[str]:
    from api.metrics_windows import windows  # noqa: PLC0415

    try:
        windows(text)
    except SettingsError as error:
        return error.mistakes
    return []
