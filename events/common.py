"""What every event may say: the common members of `data` and the types that members are made of.

Dates and times stay text; after decoding `date.fromisoformat` and `instants.instant_ns` never fail on them.
"""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

import iso4217
from msgspec import Meta, Struct

from events import checks


class Data(Struct, kw_only=True, omit_defaults=True, gc=False):
    """The members that the `data` of any event may carry; null is the same as absent."""

    type: ClassVar[str]
    entity: ClassVar[str] = ""  # of the subject; empty: of any record

    name: "Annotated[str | None, Doc('what a person reads: deal title, contact name, ticket subject')]" = None
    owner_id: "Annotated[Id | None, Doc('the user who owns the record')]" = None
    team_id: "Annotated[Id | None, Doc('the team, only where nobody owns the record')]" = None
    account_id: "Annotated[Id | None, Doc('the account that the record belongs to')]" = None
    contact_ids: "Annotated[list[Id] | None, Doc('the contacts involved')]" = None
    lead_id: "Annotated[Id | None, Doc('the lead involved')]" = None
    deal_id: "Annotated[Id | None, Doc('the deal involved')]" = None
    ticket_id: "Annotated[Id | None, Doc('the ticket involved')]" = None
    source: "Annotated[Code | None, Doc('acquisition source')]" = None
    channel: "Annotated[Code | None, Doc('channel that it came or went through')]" = None
    campaign_id: "Annotated[Id | None, Doc('the campaign behind it')]" = None
    region: "Annotated[Code | None, Doc('ISO 3166-2 region, or a name of your own')]" = None
    custom: "Annotated[Scalars | None, Doc('custom fields by key')]" = None

    def __init_subclass__(cls) -> None:
        """The entity is the word before the dot in the type, unless the class says otherwise."""
        if "entity" not in vars(cls):
            cls.entity = cls.type.split(".")[1]


def Doc(description: str) -> Meta:  # noqa: N802 - reads as the annotation that it is
    """One line about a member, shown in schemas and docs."""
    return Meta(description=description)


def checked(check: checks.Check, description: str, **limits: Any) -> Meta:
    """A description, limits, and a check that JSON types cannot express, run after decoding."""
    return Meta(description=description, extra={"check": check}, **limits)


MAX_INT = 2**63 - 1
MAX_MS = 2**53 - 1
MAX_NUMBER = 10**12
DECIMAL = r"^-?[0-9]{1,12}(\.[0-9]{1,4})?$(?!\n)"
NO_CONTROL = {"pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$"}

Id = Annotated[
    str,
    checked(
        checks.no_control,
        "opaque, 1 to 128 characters, none a control character",
        min_length=1,
        max_length=128,
        extra_json_schema=NO_CONTROL,
    ),
]
Code = Annotated[str, Meta(max_length=1024)]
Date = Annotated[
    str,
    checked(
        checks.date,
        "date, YYYY-MM-DD, from 1970 to 2099",
        extra_json_schema={"format": "date", "pattern": "^(19[7-9]|20[0-9])[0-9]-[0-9]{2}-[0-9]{2}$"},
    ),
]
Time = Annotated[
    str,
    checked(
        checks.time,
        "RFC 3339 time with offset, from 1970 to 2099",
        extra_json_schema={"format": "date-time"},
    ),
]
Int = Annotated[int, Meta(ge=-MAX_INT, le=MAX_INT)]
Count = Annotated[int, Meta(ge=0, le=MAX_MS)]
Ms = Annotated[int, Meta(ge=0, le=MAX_MS, description="milliseconds, from 0 to 2^53 - 1")]
Number = Annotated[int, Meta(ge=-MAX_NUMBER, le=MAX_NUMBER)] | Annotated[float, Meta(ge=-MAX_NUMBER, le=MAX_NUMBER)]
Quantity = Annotated[int, Meta(ge=0, le=MAX_NUMBER)] | Annotated[float, Meta(ge=0, le=MAX_NUMBER)]
Probability = Annotated[float, Meta(ge=0, le=1, description="from 0 to 1")]
Scalar = Int | float | str | bool | None
Scalars = dict[str, Scalar]
Decimal = Annotated[
    str, Meta(pattern=DECIMAL, description='decimal string below 10^12 with up to 4 decimals, as "1234.50"')
]

CURRENCIES = tuple(sorted(currency.code for currency in iso4217.Currency))
if TYPE_CHECKING:
    Currency: TypeAlias = str
else:
    Currency = Annotated[Literal[CURRENCIES], Doc("ISO 4217 currency code, such as EUR")]

Direction = Annotated[Literal["inbound", "outbound"] | None, Doc("who began: the customer (inbound) or us")]


class Money(Struct, gc=False):
    """An amount in a currency."""

    amount: Decimal
    currency: Currency


class Line(Struct, omit_defaults=True, gc=False):
    """One product of a deal or an order; a bare price is in the currency of the value."""

    product_id: Annotated[Id, Doc("the product")]
    quantity: Annotated[Quantity, Doc("how many; absent: 1")] = 1
    unit_price: Annotated[Money | Decimal | None, Doc("of one, at most 4 decimals")] = None
    unit_cost: Annotated[Money | Decimal | None, Doc("what one costs us")] = None


class Changed(Struct, omit_defaults=True, gc=False):
    """What a field became. The `new` of a known member is validated as that member; null clears it."""

    new: Annotated[Any, Doc("what it is now")]
    old: Annotated[Any, Doc("what it was")] = None


Lines = Annotated[list[Line] | None, checked(checks.lines, "products; quantity times price stays below 10^12")]
Changes = Annotated[dict[str, Changed] | None, Doc("what each field became; custom fields are `custom.<key>`")]
Filled = Annotated[list[str] | None, Doc("all fields that are filled now, not the change")]
Value = Annotated[Money | None, Doc('what it is worth, as {"amount": "1234.50", "currency": "EUR"}')]
