"""What is sold: leads, contacts, accounts, deals, quotes, orders, invoices, payments, contracts, spend."""

from typing import Annotated, Literal

from events.common import Changes, Code, Count, Data, Date, Doc, Filled, Id, Lines, Money, Number, Probability, Value


class LeadCreated(Data):
    """Somebody who may buy became known."""

    type = "crm.lead.created"
    inbound: Annotated[bool | None, Doc("came to us by itself and waits for an answer")] = None
    form_id: Annotated[Id | None, Doc("the form that it came through")] = None
    score: Annotated[Number | None, Doc("how promising, on a scale of your own")] = None


class LeadStatusChanged(Data):
    """A lead moved on."""

    type = "crm.lead.status_changed"
    new: Annotated[Literal["open", "working", "qualified", "disqualified", "converted"], Doc("the status from now on")]
    old: Annotated[Code | None, Doc("the status before")] = None
    reason: Annotated[Code | None, Doc("why")] = None


class ContactCreated(Data):
    """A person was recorded."""

    type = "crm.contact.created"
    origin: Annotated[Literal["manual", "import", "api", "form"] | None, Doc("how the record came to be")] = None
    filled: Filled = None
    email_hash: Annotated[Code | None, Doc("stands for the mail address, to find duplicates")] = None
    phone_hash: Annotated[Code | None, Doc("stands for the phone number, to find duplicates")] = None
    lifecycle: Annotated[Code | None, Doc("how far the relationship has come")] = None


class ContactUpdated(Data):
    """Fields of a contact changed."""

    type = "crm.contact.updated"
    changed: Changes = None
    filled: Filled = None


class AccountCreated(Data):
    """A company was recorded."""

    type = "crm.account.created"
    industry: Annotated[Code | None, Doc("its industry")] = None
    size: Annotated[Code | int | None, Doc("its size: a class or a head count")] = None


class AccountUpdated(Data):
    """Fields of an account changed."""

    type = "crm.account.updated"
    changed: Changes = None


class DealCreated(Data):
    """A chance to sell was opened."""

    type = "crm.deal.created"
    pipeline_id: Annotated[Id | None, Doc("the pipeline that it runs through")] = None
    stage_id: Annotated[Id | None, Doc("the stage that it starts in")] = None
    deal_type: Annotated[Code | None, Doc("for example new or renewal")] = None
    deal_subtype: Annotated[Code | None, Doc("a finer type")] = None
    value: Value = None
    probability: Annotated[Probability | None, Doc("of winning, from 0 to 1; absent: the stage's")] = None
    expected_close: Annotated[Date | None, Doc("when it should be won")] = None
    lines: Lines = None


class DealStageChanged(Data):
    """A deal moved to another stage."""

    type = "crm.deal.stage_changed"
    new_stage_id: Annotated[Id, Doc("the stage from now on")]
    pipeline_id: Annotated[Id | None, Doc("the pipeline of the new stage")] = None
    old_stage_id: Annotated[Id | None, Doc("the stage before")] = None
    probability: Annotated[Probability | None, Doc("of winning, from 0 to 1")] = None


class DealUpdated(Data):
    """Value, probability, expected close, forecast category, lines or custom fields of a deal changed."""

    type = "crm.deal.updated"
    changed: Changes = None


class DealWon(Data):
    """A deal was won."""

    type = "crm.deal.won"
    value: Value = None
    lines: Lines = None
    stage_id: Annotated[Id | None, Doc("the stage that it ended in")] = None


class DealLost(Data):
    """A deal was lost."""

    type = "crm.deal.lost"
    value: Value = None
    lost_reason: Annotated[Code | None, Doc("why")] = None
    competitor: Annotated[Code | None, Doc("who won it instead")] = None
    stage_id: Annotated[Id | None, Doc("the stage that it ended in")] = None


class DealReopened(Data):
    """A won or lost deal is open again."""

    type = "crm.deal.reopened"
    stage_id: Annotated[Id | None, Doc("the stage that it goes on in")] = None


class DealHealthChanged(Data):
    """Somebody judged how a deal is doing."""

    type = "crm.deal.health_changed"
    new: Annotated[Literal["ok", "at_risk", "has_problems"], Doc("the health from now on")]
    note: Annotated[str | None, Doc("what is the matter")] = None


class QuoteCreated(Data):
    """A quote was written."""

    type = "crm.quote.created"
    revision: Annotated[Count | None, Doc("counts the revisions of a quote")] = None
    value: Value = None


class QuoteStatusChanged(Data):
    """A quote was sent, accepted, declined, or ran out."""

    type = "crm.quote.status_changed"
    new: Annotated[Literal["sent", "accepted", "declined", "expired"], Doc("the status from now on")]


class OrderCreated(Data):
    """A customer ordered."""

    type = "crm.order.created"
    value: Value = None
    lines: Lines = None
    quote_id: Annotated[Id | None, Doc("the quote that it follows")] = None


class OrderStatusChanged(Data):
    """An order was confirmed, cancelled or refunded."""

    type = "crm.order.status_changed"
    new: Annotated[Literal["confirmed", "cancelled", "refunded"], Doc("the status from now on")]
    refund: Annotated[Money | None, Doc("what was paid back")] = None


class InvoiceIssued(Data):
    """An invoice or a credit note was issued."""

    type = "crm.invoice.issued"
    net: Annotated[Money | None, Doc("what it is worth without tax")] = None
    tax: Annotated[Money | None, Doc("the tax on top")] = None
    kind: Annotated[Literal["invoice", "credit_note"] | None, Doc("absent: invoice")] = None


class PaymentReceived(Data):
    """A customer paid."""

    type = "crm.payment.received"
    value: Value = None
    invoice_id: Annotated[Id | None, Doc("the invoice that it settles")] = None


class ContractStatusChanged(Data):
    """A contract was signed, renewed or ended."""

    type = "crm.contract.status_changed"
    new: Annotated[Literal["signed", "renewed", "ended"], Doc("the status from now on")]
    value: Value = None
    start: Annotated[Date | None, Doc("the first day that it holds")] = None
    end: Annotated[Date | None, Doc("the last day that it holds")] = None


class SpendRecorded(Data):
    """Money was spent on marketing, on sales or on the CRM itself."""

    type = "crm.spend.recorded"
    value: Annotated[Money, Doc("what was spent")]
    kind: Annotated[Literal["marketing", "sales", "crm"] | None, Doc("on what")] = None
    start: Annotated[Date | None, Doc("the first day that it is for")] = None
    end: Annotated[Date | None, Doc("the last day that it is for")] = None
