"""Names that are like one that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The known names that are most like this one, three at most."""
    return get_close_matches(name, known, n=3, cutoff=0.5)


def hint(name: str, known: Iterable[str]) -> str:
    """The known names that are most like this one, else all of them, as the end of a sentence."""
    known = sorted(known)
    close = nearest(name, known)
    return f"{'nearest' if close else 'known'}: {', '.join(f'`{each}`' for each in close or known)}"
