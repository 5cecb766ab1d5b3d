"""Regular expressions that people declare: of RE2, which takes linear time whatever they say, so that none holds up others."""

import re2

_OPTIONS = re2.Options()
_OPTIONS.log_errors, _OPTIONS.never_capture = False, True


def matches(expression: str, text: str) -> bool:
    """Tell whether all of a text is as an expression says; one that is none, or is not RE2's, asks for nothing."""
    try:
        return bool(re2.compile(expression, _OPTIONS).fullmatch(text))
    except re2.error:
        return True
