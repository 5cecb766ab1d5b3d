"""Durations as mergeable integer histograms.

A log-linear histogram in the manner of HdrHistogram: values below 128 ms have a bucket each, above that every power of two
has 64 buckets, so a bucket's middle is within 0.8 % of every value in it. Counts are integers, so merging is addition. Twice as
many buckets made an organisation's rows of a busy month 34 kB, which each of its batches writes anew.
"""

from collections.abc import Mapping

_BITS = 6


def bucket(value_ms: int) -> int:
    """Return the index of the bucket that holds ``value_ms`` (milliseconds, >= 0)."""
    shift = max(0, value_ms.bit_length() - _BITS - 1)
    return (value_ms >> shift) + (shift << _BITS)


def middle(index: int) -> float:
    """Return the middle of a bucket in milliseconds."""
    shift = max(0, (index >> _BITS) - 1)
    low = (index - (shift << _BITS)) << shift
    return low + ((1 << shift) - 1) / 2


def quantile(counts: Mapping[int, int], share: float) -> float | None:
    """Return the nearest-rank quantile in milliseconds of ``{bucket: count}``, None when it is empty."""
    total = sum(counts.values())
    rank = max(1, -int(-share * total // 1))
    seen = 0
    for index in sorted(counts):
        seen += counts[index]
        if seen >= rank:
            return middle(index)
    return None
