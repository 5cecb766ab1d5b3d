"""A hint for names that are not known."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str:
    """The known names that are like this one, else all of them, as the end of a sentence."""
    known = sorted(known)
    close = get_close_matches(name, known, n=3, cutoff=0.5)
    return f"{'nearest' if close else 'known'}: {', '.join(f'`{each}`' for each in close or known)}"
