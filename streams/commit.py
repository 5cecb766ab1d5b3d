"""The commit: what a batch changes and how far the log has been applied, written by one Redis script or not at all."""

from collections.abc import Callable, Generator, Iterable
from enum import StrEnum
from itertools import chain, count
from typing import Any, NamedTuple, TypeVar

import msgspec
from redis.asyncio import Redis

from aggregators.linking import Stretch
from aggregators.shard import Load, LoadHashes, LoadSets, Request, Scan, Writes
from aggregators.tables import begun, firing, pending
from streams.cluster import naming
from streams.mark import Mark, mark

POSITION = """
local stored = redis.call('GET', KEYS[1])
local at = stored and tonumber(string.match(stored, '^%d+')) or -1
local expected = tonumber(ARGV[2])
"""
"""Where the tables stand, beside where the worker's memory of them does."""

COMPARE = """
local target = tonumber(string.match(ARGV[3], '^%d+'))
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return {'FENCED', stored} end
if at ~= expected then
  if at >= target then return {'DUP', stored} end
  if at < expected then return {'BEHIND', stored} end
  return {'OVERLAP', stored}
end
"""
"""Who may write, and whether the tables stand where the batch was folded from. Nothing is written before this."""

EACH = """
local function each(list, command, key)
  for i = 1, #list, 4000 do
    local upto = math.min(i + 3999, #list)
    if key then redis.call(command, key, unpack(list, i, upto)) else redis.call(command, unpack(list, i, upto)) end
  end
end
"""
"""More arguments than a Lua stack holds, command by command."""

WRITE = """
redis.call('SET', KEYS[1], ARGV[3])
local writes = cmsgpack.unpack(ARGV[4])
each(writes[1], 'MSET')
each(writes[2], 'UNLINK')
for i = 1, #writes[3], 2 do each(writes[3][i + 1], 'ZREM', writes[3][i]) end
for i = 1, #writes[4], 2 do each(writes[4][i + 1], 'ZADD', writes[4][i]) end
for i = 1, #writes[5], 2 do each(writes[5][i + 1], 'HSET', writes[5][i]) end
for i = 1, #writes[6], 2 do
  local cause, since = writes[6][i], writes[6][i + 1]
  if redis.call('HEXISTS', KEYS[4], cause) == 1 then redis.call('ZADD', KEYS[3], 0, cause)
  elseif since < 0 then redis.call('ZREM', KEYS[3], cause)
  else redis.call('ZADD', KEYS[3], since, cause) end
end
for _, added in ipairs(writes[7]) do
  local rows, fields = added[1], added[2]
  for i = 1, #rows, 2 do
    local is_full = redis.call('HLEN', rows[i]) >= 20000
    for j = 1, #fields, 2 do
      local field = rows[i + 1] .. fields[j]
      if is_full and redis.call('HEXISTS', rows[i], field) == 0 then
        field = rows[i + 1] .. string.match(fields[j], '^%S+ ') .. '(other)'
      end
      redis.pcall('HINCRBY', rows[i], field, fields[j + 1])
    end
  end
end
return {'OK', ARGV[3]}
"""
"""What is added to hashes is no table: a sum that becomes too large for Redis stops no commit. Publishers beyond what a hash
should hold are one, so that a `source` that differs from event to event does not fill the memory."""

READ = """
return redis.call('MGET', unpack(cmsgpack.unpack(ARGV[1])))
"""
"""Values of many keys, named in one argument: a client takes six times as long to write an argument a key."""

READ_KEYS = 4000
"""So many are asked at once; Lua passes on no more than 8,000."""

CLAIM = """
local owner = redis.call('GET', KEYS[2])
if owner and string.sub(owner, 1, 7) == 'closed ' and owner ~= ARGV[3] then return {'CLOSED', owner} end
redis.call('SET', KEYS[2], ARGV[1])
return {at == expected and 'OK' or 'MOVED', stored}
"""

CLOSED = b"closed "
"""What an owner's name begins with that lets nobody write any more; the rest is the rebuild that closed the tables."""


T = TypeVar("T")
_claims = count(1)


class Answer(StrEnum):
    """What came of a claim or a commit. On anything but OK, what was kept in memory is worth nothing."""

    OK = "OK"
    MOVED = "MOVED"
    DUP = "DUP"
    BEHIND = "BEHIND"
    OVERLAP = "OVERLAP"
    FENCED = "FENCED"


class MovedError(Exception):
    """The tables do not stand where the batch was folded from, or belong to another worker; ``answer`` says which."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.value)
        self.answer = answer


class ClosedError(Exception):
    """The tables are closed, because a rebuild replaces them; ``owner`` is what keeps them closed."""

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.owner = owner

    @property
    def rebuild(self) -> str:
        """Return the rebuild that closed them."""
        return self.owner.removeprefix(CLOSED.decode())


class At(NamedTuple):
    """Where tables have to stand for what is read of them to be worth anything: what Redis has may go back, and forth again."""

    shard: str
    mark: Mark

    @property
    def key(self) -> str:
        """Return the key that says where they stand."""
        return f"{self.shard}:mark"

    def require(self, packed: bytes | None) -> None:
        """Raise MovedError where they stand elsewhere."""
        found = mark(packed)
        if found != self.mark:
            raise MovedError(Answer.BEHIND if found is None or found.next < self.mark.next else Answer.MOVED)


class Store:
    """The tables in Redis, as the only writer of a partition sees them. Connection faults raise ``redis.RedisError``."""

    def __init__(self, redis: Redis, owner: str) -> None:
        self.redis = redis
        self.name = self.owner = owner
        self._commit = redis.register_script(POSITION + COMPARE + EACH + WRITE)
        self._claim = redis.register_script(POSITION + CLAIM)
        self._read = redis.register_script(READ)

    async def claim(self, shard: str, known: Mark | None, closed: str = "") -> tuple[Answer, Mark | None]:
        """Become the only writer of a partition; return whether it stands where ``known`` says, and its mark.

        Every claim is an owner of its own: a commit from before it that arrives late, though of the same worker, is refused.
        Raises ClosedError where the tables are closed, unless by an owner that is known to have ended: ``closed``.
        """
        self.owner = f"{self.name}.{next(_claims)}"
        expected = known.next if known else -2
        answer, stored = await self._claim(keys=_keys(shard), args=[self.owner, expected, closed])
        if answer == b"CLOSED":
            raise ClosedError(stored.decode())
        return Answer(answer.decode()), mark(stored)

    async def close(self, shard: str, rebuild: str) -> Mark | None:
        """Have nobody write a partition any more, and return how far it was applied."""
        self.owner = f"{CLOSED.decode()}{rebuild}"
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.set(f"{shard}:owner", self.owner)
            pipe.get(f"{shard}:mark")
            _, stored = await pipe.execute()
        return mark(stored)

    async def open(self, shard: str) -> None:
        """Let workers write a partition again that this closed; they read all of it anew."""
        await self.redis.set(f"{shard}:owner", self.name)

    async def mark(self, shard: str) -> Mark | None:
        """Return how far a partition was applied."""
        return mark(await self.redis.get(f"{shard}:mark"))

    async def begun_ms(self, shard: str) -> int:
        """Return when the tables of a partition were begun."""
        return int(await self.redis.get(begun(shard)) or 0)

    async def answer(self, request: Request, at: At | None = None) -> Any:
        """Read what a shard asks for, where the tables stand ``at`` a mark; raise MovedError where they do not."""
        match request:
            case Load(keys):
                parts = [keys[i : i + READ_KEYS] for i in range(0, len(keys), READ_KEYS)]
                return [value for part in parts for value in await self._values(part, at)]
            case LoadHashes(keys):
                return await self._together(lambda pipe: [pipe.hgetall(key) for key in keys], at)
            case LoadSets(stretches):
                found = await self._together(lambda pipe: [_stretch(pipe, *each) for each in stretches], at)
                return [[member.decode() for member in members] for members in found]
            case Scan(prefix):  # names alone, of several nodes: no step holds the position, too
                return [key async for key in self.redis.scan_iter(match=literal(prefix) + "*", count=5000)]

    async def driven(self, asking: Generator[Any, Any, T], at: At | None = None) -> T:
        """Return what comes of asking for what Redis has; raise MovedError where the tables do not stand ``at`` a mark."""
        answer: Any = None
        while True:
            try:
                request = asking.send(answer)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
            answer = await self.answer(request, at)

    async def _values(self, keys: list[str], at: At | None) -> list[bytes | None]:
        found: list[bytes | None] = await self._read(
            keys=naming(keys[0]), args=[msgspec.msgpack.encode([*keys, at.key] if at else keys)]
        )
        if at:
            at.require(found.pop())
        return found

    async def _together(self, ask: Callable[[Any], object], at: At | None) -> list[Any]:
        """Ask for several things in one step."""
        pipe = self.redis.pipeline(transaction=at is not None)
        ask(pipe)
        if at:
            pipe.get(at.key)
        found: list[Any] = await pipe.execute()
        if at:
            at.require(found.pop())
        return found

    async def commit(self, shard: str, before: Mark, after: Mark, writes: Writes) -> tuple[Answer, Mark | None]:
        """Write a batch if the tables still stand at ``before`` and are ours; return the answer and the stored mark."""
        args: list[Any] = [self.owner, before.next, after.packed(), packed(writes)]
        answer, stored = await self._commit(keys=_keys(shard), args=args)
        found = mark(stored)
        if answer == b"DUP" and found == after:
            return Answer.OK, found  # our own write, whose reply was lost
        return Answer(answer.decode()), found


def packed(writes: Writes) -> bytes:
    """Return writes as the script takes them: flat lists in msgpack, text only."""
    put = flat(writes.put, map(bytes.decode, writes.put.values()))
    zrem = flat(writes.zrem, writes.zrem.values())
    zadd = flat(writes.zadd, (flat(members.values(), members) for members in writes.zadd.values()))
    hset = flat(writes.hset, (flat(f, map(bytes.decode, f.values())) for f in writes.hset.values()))
    causes = flat(writes.causes, writes.causes.values())
    added = [[flat(rows, rows.values()), flat(fields, fields.values())] for rows, fields in writes.added]
    return msgspec.msgpack.encode([put, writes.delete, zrem, zadd, hset, causes, added])


def flat(keys: Iterable[Any], values: Iterable[Any]) -> list[Any]:
    """Return keys and values in turn, as Redis takes them."""
    return list(chain.from_iterable(zip(keys, values, strict=True)))


def _stretch(pipe: Any, key: str, stretch: Stretch) -> object:
    from_ms, to_ms, first = stretch
    return pipe.zrangebyscore(key, from_ms, f"({to_ms}", 0 if first else None, first or None)


def _keys(shard: str) -> list[str]:
    return naming(f"{shard}:mark", f"{shard}:owner", pending(shard), firing(shard))


def literal(text: str) -> str:
    """Return a pattern that matches a text as it is."""
    return "".join(f"\\{c}" if c in "*?[]\\^-" else c for c in text)
