"""Which partition holds an organisation: the hash of Java's default partitioner."""

from functools import lru_cache

_M = 0x5BD1E995
_MASK = 0xFFFFFFFF


@lru_cache(1 << 14)
def partition_for(org: str, partitions: int) -> int:
    """The partition of an organisation's events among that many."""
    return (murmur2(org.encode()) & 0x7FFFFFFF) % partitions


def murmur2(key: bytes) -> int:
    """Kafka's 32-bit murmur2, unsigned."""
    value = 0x9747B28C ^ len(key)
    whole = len(key) & ~3
    for start in range(0, whole, 4):
        word = int.from_bytes(key[start : start + 4], "little") * _M & _MASK
        value = (value * _M & _MASK) ^ ((word ^ word >> 24) * _M & _MASK)
    if key[whole:]:
        value = (value ^ int.from_bytes(key[whole:], "little")) * _M & _MASK
    value = (value ^ value >> 13) * _M & _MASK
    return value ^ value >> 15
