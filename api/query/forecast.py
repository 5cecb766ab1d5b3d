"""Forecasts with how sure they are: what came of the same expectation in the windows before."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from aggregators import closing
from aggregators.forecasts import PAST, Expectation, Span, band
from aggregators.tables import Row
from aggregators.teams import ALWAYS
from aggregators.values import Value
from aggregators.windows import Periods, Window
from api.query.answer import context_for, form, grouped, value
from api.query.distinct import Sums
from api.query.question import Question
from api.query.scan import Scan
from api.query.selection import everyone
from api.query.sums import Summing
from api.query.tables import Directory, Tables

EVER_MS = 0
"""Windows before 1970 tell nothing."""


async def tell_forecast(
    asked: Question, tables: Tables, directory: Directory, windows: Sequence[Window]
) -> list[dict[str, Any]]:
    """Return the forecast of each window, with its band, and of its groups where any are asked for."""
    spans = [
        [Span(window, asked.now_ms), *(one for pair in earlier(window, asked.now_ms, asked.periods) for one in pair)]
        for window in windows
    ]
    sums = iter(await _sums(asked, tables, directory, [span for of_window in spans for span in of_window]))
    return [_told(asked, directory, of_window, [next(sums) for _ in of_window]) for of_window in spans]


def earlier(window: Window, now_ms: int, periods: Periods) -> list[tuple[Span, Span]]:
    """Return up to ``PAST`` windows before one that is not over: as of the same share of them, and as of their end."""
    if window.to_ms <= max(now_ms, window.from_ms):
        return []
    gone_ms, length_ms = max(0, now_ms - window.from_ms), window.to_ms - window.from_ms
    found: list[tuple[Span, Span]] = []
    for _ in range(PAST):
        window = periods.previous(window)
        at_ms = window.from_ms + gone_ms * (window.to_ms - window.from_ms) // length_ms
        if window.from_ms < EVER_MS:
            break
        if window.to_ms <= now_ms:
            found.append((Span(window, at_ms), Span(window, window.to_ms)))
    return found


async def _sums(asked: Question, tables: Tables, directory: Directory, spans: Sequence[Span]) -> list[Sums]:
    """The sums of each span, all of one reading of the deals."""
    scan, summing = Scan(asked, tables, directory), Summing(asked, tables, directory)
    await scan.fetch(everyone(directory.teams), *ALWAYS)
    deals, found = closing.known(scan.records), []
    for span in spans:
        scan.by_window = partial(closing.closing, deals, directory.org.calendar, span.now_ms)
        chosen = scan.select(summing.spans(span.window), span.window)
        found.append(Sums(scan.whole(chosen), {**scan.summed(chosen)} if asked.by else {}))
    return found


def _told(asked: Question, directory: Directory, spans: Sequence[Span], sums: Sequence[Sums]) -> dict[str, Any]:
    told = _form(asked, directory, spans, [one.whole for one in sums])
    if asked.by:
        told |= grouped(asked, {key: _form(asked, directory, spans, _of(sums, key)) for key in sums[0].groups})
    return told


def _of(sums: Sequence[Sums], key: tuple[str, ...]) -> list[Row]:
    return [one.groups.get(key, {}) for one in sums]


def _form(asked: Question, directory: Directory, spans: Sequence[Span], rows: Sequence[Row]) -> dict[str, Any]:
    """A forecast; after it the rows are of the windows before, each as of the same share of it and as of its end."""
    now, *past = [
        value(asked, context_for(asked, directory.org, span.window), row) for span, row in zip(spans, rows, strict=True)
    ]
    became = [
        _expectation(then, (end.value or 0) - then.caveats["parts"]["won"])
        for then, end in zip(past[::2], past[1::2], strict=True)
    ]
    parts = now.caveats["parts"] | band(_expectation(now), became)
    return form(now._replace(caveats={**now.caveats, "parts": parts}))


def _expectation(told: Value, became: Any = None) -> Expectation:
    parts: Mapping[str, Any] = told.caveats["parts"]
    return Expectation(parts["won"], parts["weighted"], became)
