"""Panels of Grafana's dashboards: what each shows, and where it stands."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Json = dict[str, Any]
WIDTH = 24


class Panel(NamedTuple):
    """What a panel shows: expressions with their legends. Its size is in units of the grid, 24 wide."""

    kind: str
    title: str
    targets: Sequence[tuple[str, str]] = ()
    width: int = WIDTH
    height: int = 1
    unit: str = "none"
    description: str = ""


def row(title: str) -> Panel:
    """Return the heading of a section."""
    return Panel("row", title)


def stat(title: str, expression: str, unit: str = "none", description: str = "") -> Panel:
    """Return one number, six in a line."""
    return Panel("stat", title, [(expression, "")], 4, 4, unit, description)


def chart(title: str, unit: str, *targets: tuple[str, str], width: int = 8, description: str = "") -> Panel:
    """Return what came to be over time, three in a line; targets are expressions with their legends."""
    return Panel("timeseries", title, targets, width, 8, unit, description)


def bars(title: str, unit: str, expression: str, legend: str, description: str) -> Panel:
    """Return a bar for each of a kind, two such panels in a line."""
    return Panel("bargauge", title, [(expression, legend)], 12, 12, unit, description)


def laid_out(panels: Sequence[Panel], source: Json) -> Iterator[Json]:
    """Yield panels as Grafana reads them, from left to right, in lines as high as their highest."""
    x = y = height = 0
    for number, panel in enumerate(panels, 1):
        if x + panel.width > WIDTH or panel.height != height:
            x, y, height = 0, y + height, panel.height
        place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
        yield {"id": number, "type": panel.kind, "title": panel.title, "gridPos": place, **_shown(panel, source)}
        x += panel.width


def _shown(panel: Panel, source: Json) -> Json:
    if panel.kind == "row":
        return {"collapsed": False, "panels": []}
    targets = [
        {"refId": chr(ord("A") + i), "datasource": source, "expr": expression, "legendFormat": legend or "__auto"}
        | ({"instant": True, "range": False} if panel.kind == "bargauge" else {})
        for i, (expression, legend) in enumerate(panel.targets)
    ]
    defaults = {"unit": panel.unit, "color": {"mode": "palette-classic"}, **_FIELDS.get(panel.kind, {})}
    shown = {"datasource": source, "targets": targets, "options": _OPTIONS[panel.kind]}
    told = {"description": panel.description} if panel.description else {}
    return told | shown | {"fieldConfig": {"defaults": defaults, "overrides": []}}


_REDUCED = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_LATE = {
    "mode": "absolute",
    "steps": [{"color": "red", "value": None}, {"color": "orange", "value": 0.8}, {"color": "green", "value": 1}],
}
_OPTIONS: Mapping[str, Json] = {
    "stat": {
        "reduceOptions": _REDUCED,
        "graphMode": "area",
        "colorMode": "value",
        "textMode": "auto",
        "justifyMode": "center",
    },
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "bargauge": {
        "reduceOptions": _REDUCED,
        "orientation": "horizontal",
        "displayMode": "gradient",
        "showUnfilled": True,
    },
}
_FIELDS: Mapping[str, Json] = {
    "stat": {"color": {"mode": "fixed", "fixedColor": "blue"}, "noValue": "-"},
    "timeseries": {"custom": {"lineWidth": 2, "fillOpacity": 8, "showPoints": "never", "spanNulls": False}},
    "bargauge": {"min": 0, "max": 1.2, "color": {"mode": "thresholds"}, "thresholds": _LATE},
}
