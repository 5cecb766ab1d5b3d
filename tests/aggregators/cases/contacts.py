"""Contacts: completeness, duplicates, segments."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

HALF = Fraction(1, 2)

CASES: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {
    "contact_completeness": [
        ("filled of the required fields, as of an instant and by what is required now", """
            01-01 org.updated org/demo required_contact_fields=name
            01-02 org.updated org/demo required_contact_fields=name,phone
            01-05 contact.created 1 owner_id=ann source=web filled=name,birthday
            01-10 contact.updated 1 filled=name,phone,birthday
            01-05 contact.created 2 owner_id=bo
        """, {"now=2026-01-06": Fraction(1, 4), "": HALF, "by=user": {"ann": 1}, "by=source": {"web": 1},
              "scope=user:bo": 0, "numerator?": 2, "denominator?": 4, "every=month&from=2026-01-01&to=2026-02-01": [HALF]}),
        ("names may be any, and none counts twice", """
            01-02 org.updated org/demo required_contact_fields=a/b:c,a/b:c,%7B,x@y
            01-05 contact.created 1 filled=a/b:c,a/b:c,x@y
        """, {"": Fraction(2, 3)}),
        ("null where nothing is required or nobody is there", "01-05 contact.created 1 filled=name", {"": None}),
        ("a deleted one is not incomplete", """
            01-02 org.updated org/demo required_contact_fields=name
            01-05 contact.created 1 filled=name
            01-05 contact.created 2
            01-06 record.deleted contact/2
        """, {"": 1}),
        ("by segment, from the contacts themselves", """
            01-02 org.updated org/demo required_contact_fields=name
            01-02 segment.updated segment/web where.source=web
            01-05 contact.created 1 filled=name source=web
            01-05 contact.created 2 filled= source=web
            01-05 contact.created 3 filled=name
        """, {"by=segment": {"web": HALF, "(none)": 1}, "where=segment:web": HALF}),
    ],
    "duplicate_rate": [
        ("share an address or a number with any other, however it is written", """
            01-05 contact.created 1 owner_id=ann email_hash=AB
            02-05 contact.created 2 owner_id=bo email_hash=" ab" phone_hash=p1
            02-06 contact.created 3 owner_id=bo email_hash=p1
            02-07 contact.created 4 owner_id=bo
        """, {"": HALF, "from=2026-02-01&to=2026-03-01": Fraction(1, 3), "by=user": {"ann": 1, "bo": Fraction(1, 3)},
              "n?": 4, "from=2026-05-01&to=2026-06-01": None}),
        ("a merge mends it, a correction too", """
            01-05 contact.created 1 email_hash=a
            01-05 contact.created 2 email_hash=a
            01-05 contact.created 3 phone_hash=p5
            01-05 contact.created 4 phone_hash=p5
            01-06 record.deleted contact/2 reason=merge merged_into=1
            01-06 contact.updated 4 changed.phone_hash=6x
        """, {"": 0}),
    ],
    "segment_size": [
        ("of each segment, and of all of them once", """
            01-02 segment.updated segment/web where.source=web
            01-02 segment.updated segment/big where.custom.size=big
            01-03 segment.updated segment/firms entity=account where.industry=steel
            01-04 account.created a industry=steel
            01-05 contact.created 1 source=web custom.size=big
            01-05 contact.created 2 source=ads account_id=a
            01-05 contact.created 3 source=ads
            01-09 record.deleted contact/9
        """, {"": 2, "by=segment": {"web": 1, "big": 1, "firms": 1}, "where=segment:firms": 1, "where=segment:(none)": 0,
              "now=2026-01-04": 0, "by=custom.size": {"big": 1, "(none)": 1}, "by=segment,custom.size": {
                  "web | big": 1, "big | big": 1, "firms | (none)": 1}}),
        ("as it was last defined, and no more where it is gone", """
            01-02 segment.updated segment/1 where.source=web
            01-03 segment.updated segment/1 where.source=ads
            01-02 segment.updated segment/2
            01-03 record.deleted segment/2
            01-05 contact.created 1 source=web
            01-06 record.updated contact/1 changed.source=ads
        """, {"": 1, "by=segment": {"1": 1}}),
    ],
}  # fmt: skip
