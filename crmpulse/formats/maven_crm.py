"""Maven Analytics "CRM Sales Opportunities" as events.

Agents are users, managers their teams, the regional office is the region of a deal. Dates have no time: midnight UTC.
An opportunity is created in stage `engaging` on its engage date at its product's list price and closed on its close
date; one that is still `Prospecting` has no date and is created on the earliest engage date of the export.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any

from crmpulse.cloudevent import Event, Publisher
from crmpulse.formats.table import Row, rows

COLUMNS = {
    "sales_teams.csv": ("sales_agent", "manager", "regional_office"),
    "accounts.csv": ("account", "sector", "employees", "office_location", "subsidiary_of"),
    "products.csv": ("product", "series", "sales_price"),
    "sales_pipeline.csv": (
        "opportunity_id", "sales_agent", "product", "account", "deal_stage", "engage_date", "close_date", "close_value",
    ),
}  # fmt: skip
STAGES = [
    {"id": "prospecting", "name": "Prospecting", "order": 1, "probability": 0.1},
    {"id": "engaging", "name": "Engaging", "order": 2, "probability": 0.6},
]
DEAL_STAGES = ("Prospecting", "Engaging", "Won", "Lost")


def events(directory: Path, org: str = "demo") -> Iterator[Event]:
    """The export in `directory` by time, the same events with the same ids each time; FormatError names the mistake."""
    return iter(_Export(directory, org).events())


class _Export:
    def __init__(self, directory: Path, org: str) -> None:
        self.publisher = Publisher(org, "/crm/maven")
        tables = {name: list(rows(directory / name, columns)) for name, columns in COLUMNS.items()}
        self.agents, self.accounts, self.products, self.opportunities = tables.values()
        self.agent = {row.text("sales_agent"): row for row in self.agents}
        self.account = {row.text("account"): row for row in self.accounts}
        self.product = {_squeezed(row.text("product")): row for row in self.products}
        engaged = [row.date("engage_date") for row in self.opportunities if row.optional("engage_date")]
        self.start = min(engaged, default="2016-10-20")
        self.before = (date.fromisoformat(self.start) - timedelta(days=7)).isoformat()

    def events(self) -> list[Event]:
        found = [*self._directory(), *map(self._account, self.accounts)]
        lines: dict[str, int] = {}
        for row in self.opportunities:
            name = row.text("opportunity_id")
            if lines.setdefault(name, row.line) != row.line:
                raise row.wrong("opportunity_id", f"new, it is on line {lines[name]} already")
            found += self._deal(f"deal/{name}", row)
        return sorted(found, key=itemgetter("time"))

    def _event(self, kind: str, subject: str, day: str, data: dict[str, Any]) -> Event:
        return self.publisher.event(kind, subject, f"{day}T00:00:00Z", data)

    def _directory(self) -> Iterator[Event]:
        org = {"time_zone": "UTC", "currency": "USD"}
        yield self._event("org.updated", f"org/{self.publisher.org}", self.before, org)
        yield self._event("pipeline.updated", "pipeline/sales", self.before, {"name": "Sales", "stages": STAGES})
        for manager in dict.fromkeys(row.text("manager") for row in self.agents):
            yield self._event("team.updated", f"team/{manager}", self.before, {"name": manager, "manager_id": manager})
        for name, row in self.agent.items():
            user = {"name": name, "team_id": row.text("manager"), "manager_id": row.text("manager")}
            yield self._event("user.updated", f"user/{name}", self.before, user)

    def _account(self, row: Row) -> Event:
        name = row.text("account")
        custom = {column: row.cells[column] for column in ("office_location", "subsidiary_of") if row.cells[column]}
        data = {"name": name, "industry": row.optional("sector"), "size": row.optional("employees"), "custom": custom}
        return self._event("account.created", f"account/{name}", self.before, data)

    def _deal(self, subject: str, row: Row) -> Iterator[Event]:
        stage = row.one_of("deal_stage", DEAL_STAGES)
        agent, product = row.one_of("sales_agent", self.agent), self._product(row)
        name, price = product.text("product"), product.amount("sales_price")
        account = row.one_of("account", self.account) if row.optional("account") else None
        created = {
            "name": f"{name}, {account}" if account else name,
            "owner_id": agent,
            "account_id": account,
            "region": self.agent[agent].text("regional_office"),
            "pipeline_id": "sales",
            "stage_id": "prospecting" if stage == "Prospecting" else "engaging",
            "deal_type": product.text("series"),
            "value": _usd(price),
            "lines": _lines(name, price),
        }
        engaged = self.start if stage == "Prospecting" else row.date("engage_date")
        yield self._event("deal.created", subject, engaged, created)
        if stage == "Won":
            amount = row.amount("close_value")
            won = {"value": _usd(amount), "lines": _lines(name, amount)}
            yield self._event("deal.won", subject, row.date("close_date"), won)
        elif stage == "Lost":
            yield self._event("deal.lost", subject, row.date("close_date"), {"value": _usd("0")})

    def _product(self, row: Row) -> Row:
        """The pipeline writes `GTXPro` where the products say `GTX Pro`."""
        product = self.product.get(_squeezed(row.text("product")))
        if product is None:
            raise row.wrong("product", "one of " + ", ".join(known.text("product") for known in self.products))
        return product


def _squeezed(product: str) -> str:
    return product.replace(" ", "").casefold()


def _usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def _lines(product: str, price: str) -> list[dict[str, Any]]:
    return [{"product_id": product, "quantity": 1, "unit_price": _usd(price)}]
