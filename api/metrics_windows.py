"""The windows that /metrics tells KPIs of, as a setting names them."""

from collections.abc import Sequence

from aggregators.windows import NAMES
from crmpulse.settings import PREFIX, SettingsError
from events.nearest import nearest


def windows(text: str) -> Sequence[str]:
    """Return the windows that a text names, with commas; SettingsError where one is none."""
    found = [*dict.fromkeys(name.strip() for name in text.split(",") if name.strip())]
    wrong = [name for name in found if name not in NAMES]
    if wrong or not found:
        near = [near for name in wrong for near in nearest(name, NAMES)]
        allowed = f"must be some of {', '.join(NAMES)}, with commas" + (f"; nearest: {', '.join(near)}" if near else "")
        raise SettingsError([f"{PREFIX}METRICS_WINDOWS={text!r}: {allowed}"])
    return found
