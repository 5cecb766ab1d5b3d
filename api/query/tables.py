"""Reading an organisation's tables so that its numbers belong together: all rows of an answer at one applied offset."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from redis.asyncio import Redis

from aggregators.org import Org
from aggregators.record import Record, decode_record
from aggregators.tables import OrgKeys, Row, decode_row
from aggregators.teams import Teams
from api.query.errors import UnsettledError

T = TypeVar("T")
TRIES = 20
CHUNK = 5000

_read_entry = msgspec.json.Decoder(dict[str, Any]).decode


class Snapshot(NamedTuple):
    """Where the tables stood: the mark of the partition and the version of the organisation's directory."""

    mark: bytes
    version: bytes


class Directory(NamedTuple):
    """What is known of an organisation beside its rows: users, teams, months and dimension values that have any."""

    version: bytes
    org: Org
    teams: Teams
    months: list[str]


class Tables:
    """The tables of one organisation, for one answer. Raises UnsettledError when they do not stand still long enough."""

    def __init__(self, redis: Redis, keys: OrgKeys, mark_key: str, directories: dict[str, Directory]) -> None:
        self.redis = redis
        self.keys = keys
        self.mark_key = mark_key
        self.directories = directories
        self.snapshot: Snapshot | None = None
        self.rows: dict[str, Row] = {}

    async def settled(self, ask: Callable[[Directory], Awaitable[T]]) -> T:
        """Ask again until everything was read at one offset."""
        for _ in range(TRIES):
            self.rows, self.snapshot = {}, None
            try:
                told = await ask(await self._directory())
                if not self.snapshot:
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
            pipe.mget(self.mark_key, self.keys.version, self.keys.months)
            pipe.hgetall(self.keys.directory)
            (mark, version, months), entries = await pipe.execute()
        self.snapshot = Snapshot(mark or b"", version or b"")
        org = Org({subject.decode(): _read_entry(entry) for subject, entry in entries.items()})
        found = Directory(version or b"", org, Teams(org), sorted(decode_row(months)) if months else [])
        self.directories[self.keys.prefix] = found
        return found

    def _same(self, mark: Any, version: Any) -> None:
        """The first read says where the tables stand, every other one has to find them there."""
        found = Snapshot(mark or b"", version or b"")
        known = self.directories.get(self.keys.prefix)
        if known and known.version != found.version:
            del self.directories[self.keys.prefix]
            raise _MovedError
        if self.snapshot not in (None, found):
            raise _MovedError
        self.snapshot = found

    async def _values(self, keys: Sequence[str]) -> list[Any]:
        found: list[Any] = []
        for i in range(0, len(keys), CHUNK):
            mark, version, *values = await self.redis.mget(self.mark_key, self.keys.version, *keys[i : i + CHUNK])
            self._same(mark, version)
            found += values
        return found

    async def load(self, keys: Iterable[str]) -> Mapping[str, Row]:
        """Read rows; those that are not there are empty."""
        missing = [key for key in dict.fromkeys(keys) if key not in self.rows]
        for key, packed in zip(missing, await self._values(missing), strict=True):
            self.rows[key] = decode_row(packed) if packed else {}
        return self.rows

    async def records(self, subjects: Iterable[str]) -> dict[str, Record]:
        """Read the states of records."""
        wanted = list(dict.fromkeys(subjects))
        values = await self._values([self.keys.record(s) for s in wanted])
        return {s: decode_record(packed) for s, packed in zip(wanted, values, strict=True) if packed}

    async def index(self, ranges: Sequence[tuple[str, str, int, int]]) -> set[str]:
        """Return the subjects with a moment in any of ``(anchor, holder, from_ms, to_ms)``."""
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.mget(self.mark_key, self.keys.version)
            for anchor, holder, from_ms, to_ms in ranges:
                pipe.zrangebyscore(self.keys.moments(anchor, holder), from_ms, f"({to_ms}")
            (mark, version), *found = await pipe.execute()
        self._same(mark, version)
        return {member.partition(b":")[2].decode() for members in found for member in members}

    async def last(self, ranges: Sequence[tuple[str, str, int, int]]) -> list[int]:
        """Return the instant (ms) of the last moment in each of ``(anchor, holder, from_ms, to_ms)``, 0 where there is none."""
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.mget(self.mark_key, self.keys.version)
            for anchor, holder, from_ms, to_ms in ranges:
                pipe.zrevrangebyscore(self.keys.moments(anchor, holder), f"({to_ms}", from_ms, start=0, num=1)
            (mark, version), *found = await pipe.execute()
        self._same(mark, version)
        return [int(members[0].partition(b":")[0]) if members else 0 for members in found]


class _MovedError(Exception):
    """The tables changed while they were read."""
