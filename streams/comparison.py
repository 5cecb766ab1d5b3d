"""Two values of a key, one from Redis and one recounted, and what to say of each part in which they differ."""

from collections.abc import Iterator
from typing import Any

import msgspec
from redis.exceptions import ResponseError


def differing(kept: Any, recounted: Any) -> Iterator[str]:
    """Yield what to say after the key's name; a value is a string (bytes), a sorted set, a hash, or None."""
    kept, recounted = _parts(kept), _parts(recounted)
    if kept == recounted:
        return
    if not kept or not recounted:
        yield ": in Redis, not recounted" if kept else ": recounted, not in Redis"
        return
    if "" in kept or "" in recounted:
        yield f": {kept.get('', kept)} in Redis, {recounted.get('', recounted)} recounted"
        return
    for part in sorted(part for part in {*kept, *recounted} if kept.get(part) != recounted.get(part)):
        told, counted = (_shown(parts.get(part)) for parts in (kept, recounted))
        yield f" {part}: {told} in Redis, {counted} recounted"


def _parts(value: Any) -> dict[str, object]:
    """A value as the measures of a row, members of a set, fields of a hash; else as one part without a name."""
    match value:
        case bytes():
            row = _row(value)
            return row if isinstance(row, dict) else {"": _text(value)}
        case ResponseError():  # the key holds another kind of value than its name tells
            return {"": str(value)}
        case list():
            return {_text(member): score for member, score in value}
        case dict():
            return {_text(name): part if isinstance(part, int) else _text(part) for name, part in value.items()}
    return {}


def _row(packed: bytes) -> object:
    try:
        return msgspec.json.decode(packed)
    except msgspec.DecodeError:
        return None


def _text(text: str | bytes) -> str:
    return text.decode(errors="replace") if isinstance(text, bytes) else text


def _shown(part: object) -> object:
    if part is None:
        return "nothing"
    return int(part) if isinstance(part, float) and part.is_integer() else part
