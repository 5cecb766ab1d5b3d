"""Redis in this process: the few commands that workers use, and the real scripts, run by the same Lua as in Redis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import msgspec
from lupa import lua51

Value = bytes | dict[bytes, Any]
"""A string; or a hash's fields (bytes) or a sorted set's scores (int)."""


class Memory:
    """Keys and their values; `changes` counts what may have changed them."""

    def __init__(self) -> None:
        self.keys: dict[bytes, Value] = {}
        self.changes = 0
        self._lua = lua51.LuaRuntime(encoding=None, register_eval=False)
        self._scripts: dict[str, Callable[..., Any]] = {}
        lua = self._lua.globals()
        lua.redis = self._lua.table_from({b"call": self._call, b"pcall": self._call})
        lua.cmsgpack = self._lua.table_from({b"unpack": self._unpacked})

    def eval(self, script: str, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """Run a script; return what a client would."""
        if script not in self._scripts:
            made = self._lua.execute(f"return function(KEYS, ARGV) {script}\nend".encode())
            self._scripts[script] = made
        lists = ([_bytes(one) for one in each] for each in (keys, args))
        return self._told(self._scripts[script](*map(self._lua.table_from, lists)))

    def get(self, key: str) -> bytes | None:
        """The string at a key."""
        found: Any = self.keys.get(key.encode())
        return found  # type: ignore[no-any-return]

    def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        """The strings at keys."""
        return [self.get(key) for key in keys]

    def hgetall(self, key: str) -> dict[bytes, bytes]:
        """A whole hash."""
        found: Any = self.keys.get(key.encode(), {})
        return dict(found)

    def zrangebyscore(self, key: str, low: int, below: int, limit: tuple[int | None, int | None]) -> list[bytes]:
        """The members of a sorted set with scores in a stretch, in order; `limit` is where to begin and how many."""
        scores: Any = self.keys.get(key.encode(), {})
        found = sorted((score, member) for member, score in scores.items() if low <= score < below)
        start, count = limit
        return [member for _, member in found][start : None if count is None else (start or 0) + count]

    def set(self, key: str, value: str) -> None:
        """Put a string."""
        self.changes += 1
        self.keys[key.encode()] = value.encode()

    def starting_with(self, prefix: str) -> list[bytes]:
        """The keys with a prefix."""
        return sorted(key for key in self.keys if key.startswith(prefix.encode()))

    def snapshot(self) -> dict[bytes, Value]:
        """A copy of everything."""
        return deepcopy(self.keys)

    def restore(self, kept: dict[bytes, Value]) -> None:
        """Go back to a copy."""
        self.changes += 1
        self.keys = deepcopy(kept)

    def _call(self, command: bytes, key: bytes, *args: bytes | float) -> Any:  # noqa: PLR0912 - a branch a command
        values = [_bytes(arg) for arg in args]
        match command:
            case b"GET":
                return self.keys.get(key, False)
            case b"MGET":
                return self._lua.table_from([self.keys.get(name, False) for name in (key, *values)])
            case b"HEXISTS":
                return int(values[0] in self.keys.get(key, ()))
            case b"HLEN":
                return len(self.keys.get(key, ()))
        self.changes += 1
        match command:
            case b"SET":
                self.keys[key] = values[0]
            case b"MSET":
                whole = [key, *values]
                self.keys.update(zip(whole[::2], whole[1::2], strict=True))
            case b"UNLINK":
                for name in (key, *values):
                    self.keys.pop(name, None)
            case b"HSET":
                self._nested(key).update(zip(values[::2], values[1::2], strict=True))
            case b"HINCRBY":
                fields = self._nested(key)
                fields[values[0]] = b"%d" % (int(fields.get(values[0], 0)) + int(values[1]))
            case b"ZADD":
                self._nested(key).update(
                    (name, int(score)) for score, name in zip(values[::2], values[1::2], strict=True)
                )
            case b"ZREM":
                for name in values:
                    self._nested(key).pop(name, None)
                if not self.keys[key]:
                    del self.keys[key]
            case _:
                raise NotImplementedError(command)
        return None

    def _nested(self, key: bytes) -> dict[bytes, Any]:
        found: Any = self.keys.setdefault(key, {})
        return found  # type: ignore[no-any-return]

    def _unpacked(self, packed: bytes) -> Any:
        return self._table(msgspec.msgpack.decode(packed))

    def _table(self, value: Any) -> Any:
        return self._lua.table_from([self._table(one) for one in value]) if isinstance(value, list) else _scalar(value)

    def _told(self, value: Any) -> Any:
        """A Lua value as a client gets it: false is None, a list ends with its first nil."""
        if lua51.lua_type(value) == "table":
            return [self._told(value[index]) for index in range(1, len(value) + 1)]
        return None if value is False else value


def _scalar(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
