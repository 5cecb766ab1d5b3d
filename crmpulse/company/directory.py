"""Who works there and how it is organised, told before anything else happens."""

import unicodedata
from typing import Any

from crmpulse.company.office import Office, Seller
from crmpulse.company.rhythm import DAY_S
from crmpulse.company.tables import AGENTS, CURRENCY, HABITS, HEAD, PIPELINES, SELLERS, ZONE


def found(office: Office) -> dict[str, str]:
    """Announce everybody and put the sellers at their desks; the support agents' ids by name."""
    head, department = HEAD
    _say(
        office,
        f"org/{office.publisher.org}",
        "org",
        {
            "time_zone": ZONE,
            "currency": CURRENCY,
            "name": "Atlas & Beacon",
            "required_contact_fields": ["name", "email", "phone"],
            "hourly_cost": {"amount": "45", "currency": CURRENCY},
        },
    )
    for pipeline, (name, stages) in PIPELINES.items():
        told = [
            {"id": stage_id, "name": stage.name, "order": order, "probability": stage.probability}
            for order, (stage_id, stage) in enumerate(stages.items(), 1)
        ]
        _say(office, f"pipeline/{pipeline}", "pipeline", {"name": name, "stages": told})
    _say(office, f"team/{department}", "team", {"name": "Sales", "manager_id": user_id(head)})
    _user(office, head, department, None)
    for team, (name, members) in SELLERS.items():
        manager = user_id(members[0][0])
        _say(office, f"team/{team}", "team", {"name": name, "manager_id": manager, "parent_id": department})
        for title, habit in members:
            office.sellers.append(Seller(user_id(title), title, team, HABITS[habit]))
            _user(office, title, team, manager)
    lead, *_ = AGENTS
    _say(office, "team/support", "team", {"name": "Support", "manager_id": user_id(lead)})
    for title in AGENTS:
        _user(office, title, "support", user_id(lead))
    return {title: user_id(title) for title in AGENTS}


def user_id(title: str) -> str:
    """`Emre Karagözlü` is `emre.karagozlu`."""
    plain = unicodedata.normalize("NFKD", title.casefold().translate(UNMARKED))
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).replace(" ", ".")


UNMARKED = str.maketrans("đł", "dl")


def _user(office: Office, title: str, team: str, manager: str | None) -> None:
    _say(office, f"user/{user_id(title)}", "user", {"name": title, "team_id": team, "manager_id": manager})


def _say(office: Office, subject: str, what: str, data: dict[str, Any]) -> None:
    office.say(f"{what}.updated", subject, data, ago_s=DAY_S)
