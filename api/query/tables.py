"""Reading an organisation's tables so that its numbers belong together: all rows of an answer at one applied offset."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from redis.asyncio import Redis

from aggregators.org import Org
from aggregators.record import Record, decode_record
from aggregators.tables import OrgKeys, Row, decode_hours, decode_row, held_in
from aggregators.teams import Teams
from api.query.errors import UnsettledError

T = TypeVar("T")
TRIES = 20
CHUNK = 5000

_read_entry = msgspec.json.Decoder(dict[str, Any]).decode


MATCHING = """
local version = redis.call('GET', KEYS[1])
local seen, found = {}, {}
for i = 2, #ARGV, 3 do
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', ARGV[i], ARGV[i + 1], ARGV[i + 2])) do
    local subject = string.match(member, ':(.*)')
    if not seen[subject] then
      seen[subject] = true
      local escaped = string.gsub(subject, '[%%:{}=%s]', function(c) return string.format('%%%02X', string.byte(c)) end)
      local state = redis.call('GET', ARGV[1] .. escaped)
      if state then found[#found + 1] = subject; found[#found + 1] = state end
    end
  end
end
return {version, found}
"""
"""The states of the records with a moment in any of some ranges, read at once; ids escaped as ``aggregators.tables`` does."""


class Directory(NamedTuple):
    """What is known of an organisation beside its rows: users, teams, months and dimension values that have any."""

    version: bytes
    """The offset at which it last changed."""
    org: Org
    teams: Teams
    months: list[str]


class Tables:
    """The tables of one organisation, for one answer. Raises UnsettledError when they do not stand still long enough."""

    def __init__(self, redis: Redis, keys: OrgKeys, directories: dict[str, Directory]) -> None:
        self.redis = redis
        self.keys = keys
        self.directories = directories
        self.version: bytes | None = None
        self.rows: dict[str, Row] = {}

    async def settled(self, ask: Callable[[Directory], Awaitable[T]]) -> T:
        """Ask again until everything was read at one offset."""
        for _ in range(TRIES):
            self.rows, self.version = {}, None
            try:
                told = await ask(await self._directory())
                if self.version is None:
                    await self._values([self.keys.version])  # the directory alone was asked: it has to be today's
                return told
            except _MovedError:
                continue
        raise UnsettledError

    async def _directory(self) -> Directory:
        known = self.directories.get(self.keys.prefix)
        if known:
            return known
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.mget(self.keys.version, self.keys.months)
            pipe.hgetall(self.keys.directory)
            (version, months), entries = await pipe.execute()
        self.version = version or b""
        org = Org({subject.decode(): _read_entry(entry) for subject, entry in entries.items()})
        found = Directory(_directory_of(self.version), org, Teams(org), sorted(decode_row(months)) if months else [])
        self.directories[self.keys.prefix] = found
        return found

    def _same(self, version: Any) -> None:
        """The first read says where the organisation's tables stand, every other one has to find them there."""
        found: bytes = version or b""
        known = self.directories.get(self.keys.prefix)
        if known and known.version != _directory_of(found):
            del self.directories[self.keys.prefix]
            raise _MovedError
        if self.version not in (None, found):
            raise _MovedError
        self.version = found

    async def _values(self, keys: Sequence[str]) -> list[Any]:
        found: list[Any] = []
        for i in range(0, len(keys), CHUNK):
            version, *values = await self.redis.mget(self.keys.version, *keys[i : i + CHUNK])
            self._same(version)
            found += values
        return found

    async def load(self, keys: Iterable[str]) -> Mapping[str, Row]:
        """Read rows; those that are not there are empty."""
        missing = [key for key in dict.fromkeys(keys) if key not in self.rows]
        held = {key: held_in(key) for key in missing}
        names = list(dict.fromkeys(name for name, _ in held.values()))
        values = dict(zip(names, await self._values(names), strict=True))
        days = {name: decode_hours(values[name] or b"{}") for name, hour in held.values() if hour}
        for key, (name, hour) in held.items():
            self.rows[key] = days[name].get(hour, {}) if hour else decode_row(values[name] or b"{}")
        return self.rows

    async def records(self, subjects: Iterable[str]) -> dict[str, Record]:
        """Read the states of records."""
        wanted = list(dict.fromkeys(subjects))
        values = await self._values([self.keys.record(s) for s in wanted])
        return {s: decode_record(packed) for s, packed in zip(wanted, values, strict=True) if packed}

    async def matching(self, ranges: Sequence[tuple[str, str, int, int]]) -> dict[str, Record]:
        """Read the states of the records with a moment in any of ``(anchor, holder, from_ms, to_ms)``, all at once."""
        args = [p for anchor, holder, a, b in ranges for p in (self.keys.moments(anchor, holder), a, f"({b}")]
        script = self.redis.register_script(MATCHING)
        version, found = await script(keys=[self.keys.version], args=[self.keys.record(""), *args])
        self._same(version)
        return {
            subject.decode(): decode_record(packed) for subject, packed in zip(found[::2], found[1::2], strict=True)
        }

    async def newest(self, ranges: Sequence[tuple[str, str, int]], count: int) -> list[str]:
        """Return the subjects of up to ``count`` latest moments in each of ``(anchor, holder, to_ms)``, by range, then latest first."""
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.get(self.keys.version)
            for anchor, holder, to_ms in ranges:
                pipe.zrevrangebyscore(self.keys.moments(anchor, holder), f"({to_ms}", "-inf", start=0, num=count)
            version, *found = await pipe.execute()
        self._same(version)
        return list(dict.fromkeys(member.partition(b":")[2].decode() for members in found for member in members))

    async def last(self, ranges: Sequence[tuple[str, str, int, int]]) -> list[int]:
        """Return the instant (ms) of the last moment in each of ``(anchor, holder, from_ms, to_ms)``, 0 where there is none."""
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.get(self.keys.version)
            for anchor, holder, from_ms, to_ms in ranges:
                pipe.zrevrangebyscore(self.keys.moments(anchor, holder), f"({to_ms}", from_ms, start=0, num=1)
            version, *found = await pipe.execute()
        self._same(version)
        return [int(members[0].partition(b":")[0]) if members else 0 for members in found]


def _directory_of(version: bytes) -> bytes:
    return version.partition(b" ")[0]


class _MovedError(Exception):
    """The tables changed while they were read."""
