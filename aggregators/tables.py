"""Names and forms of what is kept in Redis. Every key of a partition carries one hash tag, so that it lives in one slot.

| key, after `{layout.pN}:<org>` | holds |
|---|---|
| `:r:<subject>` | the state of a record |
| `:<holder>:h:<hour in UTC>`, `:d:<day>`, `:m:<month>`, `:a` | measures of a user (`u:<id>`), a team alone (`t:…`), all (`o`) |
| `:o:d:<day>:<measure>`, `:m:…` | the histogram of one of the organisation's durations: any event changes a row, and few of them this |
| `:x<holder>:…` | what to add for credit to the current owner |
| `:o:d:<day>:<dimension>=<value>`, `:m:…`, `:a:…` | the organisation's measures by a dimension's value |
| `:i:<anchor>:<holder>` | sorted set: the moments `<ms>:<subject>` by time |
| `:n:<topic>:<subject>` | sorted set: what others tell a record of a topic, `<ns>:…:<their subject>` by time (`links.py`) |
| `:dir` | hash: the directory, an entry per user, team, pipeline, … |
| `:months`, `:v:<dimension>` | which months and which values of a dimension have month rows, and how many |
| `:touched` | sorted set: holders by the offset at which anything of theirs last changed, that of its batch |
| `:ver` | the offset at which the directory or one of these two last changed, and that at which anything did |

Beside them, `{layout.pN}:mark` (how far the log has been applied), `:owner` (who may write) and `:orgs`, a sorted set of the
organisations, all with score 0.

And the ledger of alerts, which is no table: it says what was told to whom, and nothing of it is recounted.

| key | holds |
|---|---|
| `{layout.pN}:<org>:alerts` | hash: the alerts that fire or did, by id, and who acknowledged them (`<id>:ack`) |
| `{layout.pN}:<org>:alerts:n` | counts the changes of that hash |
| `{layout.pN}:<org>:alerts:goals` | hash: how each goal stood when it was last looked at |
| `{layout.pN}:pending` | sorted set: `<rule>:<org>:<subject>` to look at, by the instant in ms |
| `{layout.pN}:firing` | hash: the ids of the alerts that fire, by `<rule>:<org>:<subject>` |
| `{layout.pN}:outbox` | stream: the events that wait to be published |
| `{layout.pN}:goals` | sorted set: organisations that have or had goals, all with score 0 |
| `{layout.pN}:history` | sorted set: organisations by the offset of their last event that was published as history |
| `{layout.pN}:begun` | the instant in ms when these tables were begun |

And the ledger of freshness, which is no table either: no log tells when a commit was made (`ages.py`).

| key, after `{layout.pN}:<org>:fresh` | holds |
|---|---|
| nothing | sorted set: the months that have any, all with score 0 |
| `:h:<day in UTC>`, `:d:<day>`, `:m:<month>` | hash: how often `<what> <source>` was then; of hours `<HHMM> <what> <source>` |
"""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

import msgspec

LAYOUT = 1

FORM = 2
"""The form of the tables, one more with each change of what is kept in them or of how: tables of another one are made anew."""

Row = dict[str, int]
"""A row: measure name to integer. Zeros are not kept, an empty row is deleted."""

FRESH = "fresh"
"""Whose rows those of the ledger of freshness are."""

_UNSAFE = re.compile(r"[%:{}=\s]", re.ASCII)

decode_row = msgspec.json.Decoder(dict[str, int]).decode
encode_row = msgspec.json.Encoder(order="sorted").encode


def escaped(text: str) -> str:
    """Return an id as part of a key: ``% : { } =`` and white space as ``%XX``, everything else as it is."""
    return _UNSAFE.sub(lambda m: f"%{ord(m[0]):02X}", text) if _UNSAFE.search(text) else text


def part_of_name(text: str) -> str:
    """Return an id as a part of a cell's name, of which ``unescaped`` gives it back: ``/`` and ``@`` mark other parts."""
    return escaped(text).replace("/", "%2F").replace("@", "%40")


def unescaped(text: str) -> str:
    """Return the id that ``escaped`` or ``part_of_name`` made a part of a key or of a name."""
    return re.sub(r"%([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), text) if "%" in text else text


@lru_cache(maxsize=65536)
def _named(holder: str) -> str:
    kind, colon, name = holder.partition(":")
    return f"{kind}{colon}{escaped(name)}"


def shard(partition: int, layout: int = LAYOUT) -> str:
    """Return the prefix of all keys of a partition."""
    return f"{{{layout}.p{partition}}}"


def orgs(shard: str) -> str:
    """Return the key of the organisations under a shard's prefix."""
    return f"{shard}:orgs"


def pending(shard: str) -> str:
    """Return the key of what is to be looked at for alerts, by its instant."""
    return f"{shard}:pending"


def firing(shard: str) -> str:
    """Return the key of the alerts that fire."""
    return f"{shard}:firing"


def outbox(shard: str) -> str:
    """Return the key of the events that wait to be published."""
    return f"{shard}:outbox"


def with_goals(shard: str) -> str:
    """Return the key of the organisations that have or had goals."""
    return f"{shard}:goals"


def history(shard: str) -> str:
    """Return the key of the offsets at which organisations were last told history."""
    return f"{shard}:history"


def begun(shard: str) -> str:
    """Return the key of the instant when a partition's tables were begun."""
    return f"{shard}:begun"


def row_of(resolution: str, label: str = "", dimension: str = "", value: str = "") -> str:
    """Return what a row's key ends with, after its holder."""
    key = f":{resolution}:{label}" if label else f":{resolution}"
    return f"{key}:{dimension}={escaped(value)}" if dimension else key


def histogram_row(row: str, measure: str) -> str:
    """Return the key of a duration's histogram, or what it ends with, of what that of its row is or ends with."""
    return f"{row}:{measure}"


class OrgKeys(NamedTuple):
    """The keys of one organisation."""

    prefix: str

    def record(self, subject: str) -> str:
        """Return the key of a record's state."""
        return f"{self.prefix}:r:{escaped(subject)}"

    def subject(self, key: str) -> str:
        """Return the subject whose state a key holds."""
        return unescaped(key.removeprefix(f"{self.prefix}:r:"))

    def records(self, subjects: Collection[str]) -> dict[str, str]:
        """Return the keys of many records' states, by subject."""
        if _UNSAFE.search("|".join(subjects)):
            return {subject: self.record(subject) for subject in subjects}
        start = self.record("")
        return {subject: start + subject for subject in subjects}

    def holder(self, holder: str) -> str:
        """Return what the keys of a holder's rows begin with."""
        return f"{self.prefix}:{_named(holder)}"

    def row(self, holder: str, resolution: str, label: str = "", dimension: str = "", value: str = "") -> str:
        """Return the key of a row; ``label`` is empty for all time, dimension and value for the whole."""
        return self.holder(holder) + row_of(resolution, label, dimension, value)

    def moments(self, anchor: str, holder: str) -> str:
        """Return the key of the moments of an anchor that a holder is credited with."""
        return f"{self.prefix}:i:{anchor}:{_named(holder)}"

    def told(self, topic: str, subject: str) -> str:
        """Return the key of what others tell a record of a topic."""
        return f"{self.prefix}:n:{topic}:{escaped(subject)}"

    def values(self, dimension: str) -> str:
        """Return the key of the set of values that a dimension has."""
        return f"{self.prefix}:v:{dimension}"

    @property
    def owner(self) -> str:
        """Return the key of who may write the partition that the organisation is in."""
        shard, brace, _ = self.prefix.partition("}")
        return f"{shard}{brace}:owner"

    @property
    def directory(self) -> str:
        """Return the key of the directory."""
        return f"{self.prefix}:dir"

    @property
    def alerts(self) -> str:
        """Return the key of the ledger of alerts."""
        return f"{self.prefix}:alerts"

    @property
    def alert_changes(self) -> str:
        """Return the key of the count of the ledger's changes."""
        return f"{self.prefix}:alerts:n"

    @property
    def goal_standings(self) -> str:
        """Return the key of how goals stood when they were last looked at."""
        return f"{self.prefix}:alerts:goals"

    @property
    def fresh(self) -> str:
        """Return the key of the months in which the ledger of freshness has anything."""
        return f"{self.prefix}:{FRESH}"

    @property
    def months(self) -> str:
        """Return the key of the set of months that have a row."""
        return f"{self.prefix}:months"

    @property
    def touched(self) -> str:
        """Return the key of the holders by the offset at which anything of theirs last changed."""
        return f"{self.prefix}:touched"

    @property
    def version(self) -> str:
        """Return the key of the offsets at which directory or listings, and anything at all, last changed."""
        return f"{self.prefix}:ver"


def org_keys(prefix: str, org: str) -> OrgKeys:
    """Return the keys of an organisation under a shard's prefix."""
    return OrgKeys(f"{prefix}:{escaped(org)}")
