"""What events mean: pure functions from events to tables, without I/O and without a clock."""
