"""Reading an organisation's tables so that its numbers belong together: all rows of an answer at one applied offset.

A rebuild replaces all tables at once and removes the old ones after it. It closes those first; so what is read together with
an owner that closed nothing is whole, and else it is asked where the tables are now.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple, TypeVar

import msgspec
from redis.asyncio import Redis

from aggregators.catalogue import enabled, plan
from aggregators.org import Org
from aggregators.record import Record, decode_record
from aggregators.tables import OrgKeys, Row, decode_row
from aggregators.teams import Teams
from api.query.errors import ImpossibleError, UnknownError, UnsettledError
from api.query.memo import Memo, Memos, Origin
from api.query.scripts import LATEST, MATCHING, SINCE
from streams.cluster import naming
from streams.commit import CLOSED, READ, READ_KEYS

T = TypeVar("T")
TRIES = 20
BRIEFLY = 8
"""So many of them go by what is remembered; then all is read that was ever missing."""

_read_entry = msgspec.json.Decoder(dict[str, Any]).decode


Read = str | tuple[Any, ...]
"""A key whose value is read, or a command that reads with its arguments."""


Find = Callable[[], Awaitable[OrgKeys]]
"""Tells the keys of an organisation under the layout that holds now."""


class Directory(NamedTuple):
    """What is known of an organisation beside its rows: users, teams, months and dimension values that have any."""

    version: bytes
    """The offset at which it last changed."""
    org: Org
    teams: Teams
    months: list[str]


class Tables:
    """The tables of one organisation, for one answer. Raises UnsettledError when they do not stand still long enough.

    ``kpis`` are the KPIs that they are kept for, by ``plan``; ``whole`` is what their records tell beside.
    """

    def __init__(
        self, redis: Redis, keys: OrgKeys, find: Find, directories: dict[str, Directory], memos: Memos, enable: str = ""
    ) -> None:
        self.redis = redis
        self.keys = keys
        self.find = find
        self.directories = directories
        self.memos, self.before = memos, memos.get(keys.prefix)
        self.kpis = enabled(enable)
        self.score_weights = ""
        self.is_long = False
        """Whether the answer has to be read in one long step, as several short ones did not give it."""
        self.plan = plan(enable)
        self.whole = plan(enable, whole=True)
        self.version: bytes | None = None
        self.owner = b""
        self.memo: Memo | None = None
        self.known: dict[Read, Any] = {}
        self.rows: dict[str, Row] = {}

    async def settled(self, ask: Callable[[Directory], Awaitable[T]]) -> T:
        """Ask again until everything was read at one offset.

        What a commit came between is read again all at once, so that an answer ends however fast the tables change. Where most is
        remembered the rest is another one each time, and read so soon that no commit comes between it for long.
        """
        wanted: dict[Read, Any] = {}
        for tried in range(TRIES):
            self._begin()
            try:
                directory = await self._directory()
                if wanted:
                    await self._read(wanted)
                told = await self._told(ask, directory)
                if self.memo:
                    self.memos.keep(self.keys.prefix, self.memo)
                return told
            except _MovedError:
                wanted = {} if self.memo and self.memo.size and tried < BRIEFLY else wanted | self.known
            except _RebuiltError:
                wanted = {}  # by keys that are there no more
        raise UnsettledError

    async def _told(self, ask: Callable[[Directory], Awaitable[T]], directory: Directory) -> T:
        """What is answered, or refused: where the directory alone was asked, it has to be today's."""
        try:
            told = await ask(directory)
        except (UnknownError, ImpossibleError):
            if self.version is None:
                await self._read([])
            raise
        if self.version is None:
            await self._read([])
        return told

    def _begin(self) -> None:
        self.rows, self.known, self.version, self.memo = {}, {}, None, None

    async def follow(self, owner: bytes | None) -> bool:
        """Go by the layout that holds now where tables with this owner may have been replaced; tell whether they were."""
        if owner is not None and not owner.startswith(CLOSED):
            return False
        before, self.keys = self.keys, await self.find()
        return self.keys != before

    async def _directory(self) -> Directory:
        known = self.directories.get(self.keys.prefix)
        if known:
            return known
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.mget(naming(self.keys.version, self.keys.months, self.keys.owner))
            pipe.hgetall(self.keys.directory)
            (version, months, owner, _), entries = await pipe.execute()
        if await self.follow(owner):
            raise _RebuiltError
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

    async def _read(self, wanted: Iterable[Read], *, later: bool = False) -> list[Any]:
        """Read what is not known yet, all at one offset (or ``later``); the answers to all that is wanted."""
        reads = list(wanted)
        missing = [read for read in dict.fromkeys(reads) if read not in self.known]
        if missing or not reads:
            strings = [read for read in missing if isinstance(read, str)]
            others = [read for read in missing if not isinstance(read, str)]
            self.known |= dict.fromkeys(missing)
            async with self.redis.pipeline(transaction=True) as pipe:
                pipe.mget(naming(self.keys.version, self.keys.owner))
                for i in range(0, len(strings), READ_KEYS):
                    keys = msgspec.msgpack.encode(strings[i : i + READ_KEYS])
                    pipe.eval(READ, 1, self.keys.version, keys)
                for read in others:
                    pipe.execute_command(*read)
                (version, owner, _), *found = await pipe.execute()
            if await self.follow(owner):
                raise _RebuiltError
            if not later:
                self._same(version)
            self.owner = owner or b""
            chunks = -(-len(strings) // READ_KEYS)
            self.known |= zip(strings, chain.from_iterable(found[:chunks]), strict=True)
            self.known |= zip(others, found[chunks:], strict=True)
        return [self.known[read] for read in reads]

    async def _values(self, keys: Sequence[str]) -> list[Any]:
        return await self._read(keys) if keys else []

    async def load(self, keys: Iterable[str]) -> Mapping[str, Row]:
        """Read rows; those that are not there are empty."""
        missing = [key for key in dict.fromkeys(keys) if key not in self.rows]
        packed = zip(missing, await self._values(missing), strict=True)
        self.rows |= {key: decode_row(value) if value else {} for key, value in packed}
        return self.rows

    async def remembered(self, keys: Collection[str] = (), ends: Collection[str] = ()) -> Memo:
        """Return what is remembered of sums, as far as it holds where the tables stand.

        At once the rows of some ``keys`` are read, and of all who were touched since those that end so, if they are few.
        """
        if self.memo is None:
            since = self.before.position if self.before else "inf"
            args = (f"({since}", self.keys.holder(""), msgspec.msgpack.encode([*ends]), READ_KEYS)
            (touched, *rows), *_ = await self._read(
                [("EVAL", SINCE, 2, self.keys.version, self.keys.touched, *args), *keys]
            )
            for holder, found in zip(touched, rows, strict=False):  # without their rows where these are too many
                begin = self.keys.holder(holder.decode())
                self.known |= zip((begin + end for end in ends), found, strict=True)
            version = self.version or b""
            origin, position = Origin(self.owner, _directory_of(version)), int(version.rpartition(b" ")[2] or -1)
            before = self.before or Memo(origin, position, {})
            self.memo = before.onward(origin, position, [holder.decode() for holder in touched])
        return self.memo

    async def hashes(self, keys: Iterable[str]) -> dict[str, Mapping[bytes, bytes]]:
        """Read hashes; those that are not there are empty."""
        wanted = list(dict.fromkeys(keys))
        return dict(zip(wanted, await self._read([("HGETALL", key) for key in wanted]), strict=True)) if wanted else {}

    async def members(self, key: str) -> list[str]:
        """Read the members of a sorted set, in order."""
        (found,) = await self._read([("ZRANGE", key, "0", "-1")])
        return [member.decode() for member in found]

    async def records(self, subjects: Iterable[str]) -> dict[str, Record]:
        """Read the states of records."""
        wanted = list(dict.fromkeys(subjects))
        values = await self._values([self.keys.record(s) for s in wanted])
        return {s: decode_record(packed) for s, packed in zip(wanted, values, strict=True) if packed}

    async def matching(self, ranges: Sequence[tuple[str, str, int, int]], *, named: bool = False) -> dict[str, Record]:
        """Read the states of the records with a moment in any of ``(anchor, holder, from_ms, to_ms)``, all at once.

        ``named``: have those of most records that they name known, too, for ``records`` to give.
        """
        args = [p for anchor, holder, a, b in ranges for p in (self.keys.moments(anchor, holder), a, f"({b}")]
        how = "named" if named else ""
        read = await self._read([("EVAL", MATCHING, 1, self.keys.owner, self.keys.record(""), how, *args)])
        found, others = ([*zip(each[::2], each[1::2], strict=True)] for each in read[0])
        for subject, packed in others:
            self.known.setdefault(self.keys.record(subject.decode()), packed or None)
        return {subject.decode(): decode_record(packed) for subject, packed in found}

    async def newest(self, ranges: Sequence[tuple[str, str, int]], count: int) -> list[str]:
        """Return the subjects of up to ``count`` latest moments in each of ``(anchor, holder, to_ms)``, by range, then latest first."""
        found = await self._latest([(anchor, holder, "-inf", to_ms) for anchor, holder, to_ms in ranges], count)
        return list(dict.fromkeys(member.partition(b":")[2].decode() for members in found for member in members))

    async def latest(self, ranges: Iterable[tuple[str, str, int, int]], count: int) -> list[list[tuple[int, str]]]:
        """Return up to ``count`` latest moments in each of ``(anchor, holder, from_ms, to_ms)``: their instants (ms) and subjects."""
        return [[_moment(member) for member in members] for members in await self._latest(ranges, count)]

    async def last(self, ranges: Sequence[tuple[str, str, int, int]]) -> list[int]:
        """Return the instant (ms) of the last moment in each of ``(anchor, holder, from_ms, to_ms)``, 0 where there is none.

        It only says who of those that are even is told first, and may be as of a commit that came since.
        """
        found = await self._latest(ranges, 1, later=True)
        return [int(members[0].partition(b":")[0]) if members else 0 for members in found]

    async def _latest(
        self, ranges: Iterable[tuple[str, str, int | str, int]], count: int, *, later: bool = False
    ) -> list[list[bytes]]:
        """The latest moments in each of some ranges."""
        asked = [
            (self.keys.moments(anchor, holder), str(to_ms), str(from_ms), count)
            for anchor, holder, from_ms, to_ms in ranges
        ]
        if not asked:
            return []
        (found,) = await self._read(
            [("EVAL", LATEST, 1, self.keys.version, msgspec.msgpack.encode(asked))], later=later
        )
        return found  # type: ignore[no-any-return]


def _moment(member: bytes) -> tuple[int, str]:
    at_ms, _, subject = member.partition(b":")
    return int(at_ms), subject.decode()


def _directory_of(version: bytes) -> bytes:
    return version.partition(b" ")[0]


class _MovedError(Exception):
    """The tables changed while they were read."""


class _RebuiltError(Exception):
    """The tables were replaced by others while they were read."""
