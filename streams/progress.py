"""How far a worker is, for its watchdog and its metrics."""

import time


class Progress:
    """Offsets applied by partition, records applied in all, and when something last moved (monotonic seconds)."""

    def __init__(self) -> None:
        self.next: dict[int, int] = {}
        self.held: set[int] = set()
        self.records = 0
        self.moved_at = self.looked_at = time.monotonic()

    def hold(self, partitions: set[int]) -> None:
        """Note which partitions the worker holds now."""
        self.held = set(partitions)
        self.next = {number: offset for number, offset in self.next.items() if number in partitions}
        self.moved_at = time.monotonic()

    def release(self, partition: int) -> None:
        """Note that a partition is not worked on."""
        self.held.discard(partition)

    def starts(self, partition: int, next_offset: int) -> None:
        """Note where a partition is applied from; that alone moves nothing."""
        self.held.add(partition)
        self.next[partition] = next_offset

    def applied(self, partition: int, next_offset: int, records: int) -> None:
        """Note a batch."""
        self.next[partition] = next_offset
        self.records += records
        self.moved_at = time.monotonic()

    def looked(self, now: float, late_seconds: float) -> None:
        """Note a look of the watchdog; one that comes late was kept waiting by work, such as an organisation counted anew."""
        if now - self.looked_at > late_seconds:
            self.moved_at = now
        self.looked_at = now

    def excused(self) -> None:
        """Note that something else is being waited for: Redis or the broker that is away, or records."""
        self.moved_at = time.monotonic()
