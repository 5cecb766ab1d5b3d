from aiokafka.structs import ConsumerRecord

from streams.mark import Mark, mark


def test_a_mark_fits_only_the_record_it_was_made_from() -> None:
    record = ConsumerRecord("t", 0, 7, 99, 1, None, b"value", 0, 0, 5, ())
    after = Mark(10, 1010, 2010, 3010).after(record, 100)
    assert (mark(after.packed()), after.next, after.highest_ms) == (after, 8, 100)
    assert after.fits(record)
    for name, value in {"offset": 8, "timestamp": 98, "value": b"valve"}.items():
        other = ConsumerRecord("t", 0, 7, 99, 1, None, b"value", 0, 0, 5, ())
        setattr(other, name, value)
        assert not after.fits(other)
