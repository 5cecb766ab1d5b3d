"""Partitions are those of Java's default partitioner."""

import pytest

from events.partition import murmur2, partition_for


@pytest.mark.parametrize(
    ("key", "java"),
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107),
    ],
)
def test_hashes_are_those_of_java(key: str, java: int) -> None:
    assert murmur2(key.encode()) == java % 2**32
    assert partition_for(key, 12) == (java & 0x7FFFFFFF) % 12


def test_an_organisation_is_hashed_as_utf8() -> None:
    assert partition_for("mülle😀", 1000) == (murmur2("mülle😀".encode()) & 0x7FFFFFFF) % 1000
