"""The scoreboard in a real browser, on the whole service: what is published shows by itself, and every number is the API's."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect

from api.auth import make
from tests.browser.conftest import NewPage
from tests.browser.service import Org, Process, Service, answers, goal, until, user, won

pytestmark = pytest.mark.browser

START = (user("Ann", "west"), user("Bob", "east"), ("team.updated", "team/west", {"name": "West"}),
         goal("year", 1000), won(1, "ann", "100"), ("call.logged", "call/1", {"owner_id": "ann", "direction": "outbound"}))  # fmt: skip


def tile(page: Page, kpi: str) -> Any:
    return page.locator(f"[data-kpi={kpi}] .value").first


def live(page: Page) -> None:
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    expect(page.locator("#main")).to_have_attribute("aria-busy", "false")


def ranked(page: Page) -> list[str | None]:
    return [row.get_attribute("data-id") for row in page.locator("#board tbody tr").all()]


def opened(page: Page, org: Org, **params: str) -> None:
    """Open the page of an organisation with a little history."""
    org.told(*START)
    page.goto(org.url(**params))
    live(page)
    expect(page.locator("#board tbody tr")).to_have_count(1)


def test_an_event_changes_tile_progress_and_rank_by_itself(page: Page, org: Org) -> None:
    opened(page, org)
    expect(tile(page, "revenue_won")).to_have_attribute("value", "100")
    assert ranked(page) == ["ann"]
    org.tell(won(2, "bob", "250"))
    expect(tile(page, "revenue_won")).to_have_attribute("value", "350")
    expect(tile(page, "deals_won")).to_have_text("2")
    expect(page.locator("[data-goal=year] .progress")).to_have_attribute("value", "350")
    expect(page.locator("[data-goal=year] .bar")).to_have_attribute("aria-valuenow", "35")
    expect(page.locator("#board tr[data-rank='1'] th")).to_have_text("Bob")
    assert ranked(page) == ["bob", "ann"]
    org.tell(("deal.reopened", "deal/2", {}))
    expect(tile(page, "revenue_won")).to_have_attribute("value", "100")
    expect(page.locator("#board tbody tr")).to_have_count(1)


def shown(page: Page, selector: str) -> Decimal | None:
    text = page.locator(selector).get_attribute("value")
    return Decimal(text) if text else None


def same(one: Decimal | None, other: float | None) -> bool:
    return one == other if one is None or other is None else one == Decimal(str(other))


@pytest.mark.parametrize("window", ["today", "this_quarter"])
def test_every_number_is_the_apis(page: Page, org: Org, window: str) -> None:
    org.told(
        *START,
        won(2, "bob", "33.33"),
        ("deal.lost", "deal/3", {"owner_id": "ann"}),
        goal("half", 50, direction="at_most"),
    )
    page.goto(org.url(window=window))
    live(page)
    expect(page.locator("#board tbody tr")).to_have_count(2)
    expect(page.locator(".goal")).to_have_count(2)
    kpis = [each.get_attribute("data-kpi") for each in page.locator(".tile").all()]
    assert len(kpis) == 8
    for kpi in kpis:
        answer = org.get(f"/v1/kpis/{kpi}", window=window, compare="previous")
        assert same(shown(page, f"[data-kpi={kpi}] .value"), answer["value"]), kpi
        assert same(shown(page, f"[data-kpi={kpi}] .was"), answer["compare"]["value"]), kpi
    for told in org.get("/v1/goals", scope="org")["goals"]:
        within = f"[data-goal={told['goal']}]"
        assert same(shown(page, f"{within} .progress"), told["progress"])
        assert same(shown(page, f"{within} .target"), told["target"])
        if told["direction"] == "at_least":
            assert same(shown(page, f"{within} .attained"), told["attainment"])
        assert page.locator(within).get_attribute("data-state") == told["state"]
    rows = org.get("/v1/leaderboard", kpi="revenue_won", window=window)["rows"]
    assert ranked(page) == [row["id"] for row in rows if row["value"]]
    for row in rows[:2]:
        assert same(shown(page, f"#board tr[data-id={row['id']}] .rank data"), row["rank"])
        assert same(shown(page, f"#board tr[data-id={row['id']}] .value"), row["value"])


def test_the_page_recovers_when_the_service_comes_back(page: Page, org: Org) -> None:
    opened(page, org)
    assert org.service.api.stop() == 0, "though somebody listens"
    expect(page.locator("#connection")).to_have_text(re.compile("reconnecting… numbers as of .+"))
    expect(tile(page, "revenue_won")).to_have_attribute("value", "100")
    org.service.api.start()
    org.service.ready()
    org.tell(won(2, "ann", "11"))
    live(page)
    expect(page.locator("#connection")).to_have_text("live")
    expect(tile(page, "revenue_won")).to_have_attribute("value", "111")


def test_the_page_recovers_when_the_network_comes_back(page: Page, org: Org) -> None:
    opened(page, org)
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_have_attribute("data-state", "reconnecting")
    org.told(won(2, "ann", "11"), ("goal.deleted", "goal/year", {}), goal("other", 500))
    page.context.set_offline(False)
    live(page)
    expect(tile(page, "revenue_won")).to_have_attribute("value", "111")
    expect(page.locator(".goal")).to_have_count(1)
    expect(page.locator("[data-goal=other] .progress")).to_have_attribute("value", "111")


def test_an_empty_organisation_says_how_to_begin(page: Page, org: Org) -> None:
    page.goto(org.url())
    live(page)
    command = page.locator("#notice pre").text_content() or ""
    expect(page.locator("#goals")).to_be_hidden()
    url, body = re.findall("'([^']*)'", command)[0], re.findall("'([^']*)'", command)[-1]
    assert json.loads(body)["orgid"] == org.name
    assert httpx.post(url, content=body, headers={"Content-Type": "application/cloudevents+json"}).status_code == 202
    expect(tile(page, "calls_made")).to_have_attribute("value", "1")
    expect(page.locator("#notice")).to_be_hidden()
    expect(page.locator("#goals")).to_contain_text("No goals here yet")
    command = page.locator("#goals pre").text_content() or ""
    url, body = re.findall("'([^']*)'", command)[0], re.findall("'([^']*)'", command)[-1]
    assert httpx.put(url, content=body).status_code == 202
    expect(page.locator("[data-goal=revenue] .target")).to_have_attribute("value", "100000")


def test_what_is_shown_stands_in_the_address(page: Page, org: Org) -> None:
    opened(page, org)
    page.get_by_text("Today", exact=True).click()
    page.get_by_label("Team").select_option("West")
    page.get_by_label("Ranked by").select_option("Calls made")
    chosen = {"window=today", "scope=team%3Awest", "board=calls_made"}
    page.wait_for_url(lambda url: chosen <= {*url.partition("?")[2].split("&")})
    org.tell(won(2, "bob", "250"), won(3, "ann", "10"))
    expect(tile(page, "revenue_won")).to_have_attribute("value", "110")
    page.reload()
    live(page)
    expect(page.get_by_label("Today")).to_be_checked()
    expect(tile(page, "revenue_won")).to_have_attribute("value", "110")
    expect(page.locator("#board tbody tr .value")).to_have_attribute("value", "1")
    for _ in range(3):
        page.go_back()
    expect(tile(page, "revenue_won")).to_have_attribute("value", "360")


def test_a_card_opens_by_keyboard_and_stays_live(page: Page, org: Org) -> None:
    opened(page, org)
    org.told(goal("own", 4, kpi="deals_won", assignee="user:ann"))
    page.get_by_role("button", name="Ann").press("Enter")
    card = page.get_by_role("dialog", name="Ann")
    expect(card.locator(".place data")).to_have_attribute("value", "1")
    expect(card.locator("[data-goal=own] .progress")).to_have_attribute("value", "1")
    org.tell(won(2, "ann", "50"))
    expect(card.locator("[data-goal=own] .progress")).to_have_attribute("value", "2")
    answer = org.get("/v1/users/ann/card", window="this_month")
    for told in answer["kpis"]:
        if told["value"]:
            assert same(shown(page, f"#card [data-kpi={told['kpi']}] dd > data"), told["value"])
    expect(page).to_have_url(re.compile("person=ann"))
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(page).not_to_have_url(re.compile("person"))
    expect(page.get_by_role("button", name="Ann")).to_be_focused()


def test_an_alert_comes_by_itself_and_is_acknowledged(page: Page, org: Org) -> None:
    opened(page, org)
    expect(page.locator("#alerts")).to_contain_text("Nothing needs attention")
    org.tell(("deal.lost", "deal/9", {"owner_id": "bob", "name": "Big one"}))
    alert = page.locator("#alerts li")
    expect(alert).to_contain_text("Deal lost")
    expect(alert).to_contain_text("Big one")
    expect(alert).to_contain_text("Bob")
    alert.get_by_role("button", name="Acknowledge").click()
    page.get_by_label("Name").fill("Mia")
    page.keyboard.press("Enter")
    expect(alert).to_contain_text("seen by Mia")
    org.tell(("deal.reopened", "deal/9", {}))
    expect(alert).to_have_count(0)


def test_what_cannot_be_shown_is_said(page: Page, org: Org) -> None:
    org.told(*START)
    page.goto(org.url(window="this_moon"))
    expect(page.locator("#notice")).to_contain_text("'this_moon' is none of today")


def violations(page: Page) -> str:
    found = Axe().run(
        page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    )
    return found.generate_report() if found.violations_count else ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("params", [{}, {"view": "tv"}, {"person": "ann"}], ids=["page", "tv", "card"])
def test_everybody_can_use_it(new_page: NewPage, org: Org, scheme: str, params: dict[str, str]) -> None:
    page = new_page(color_scheme=scheme, reduced_motion="reduce")
    org.told(*START, ("deal.lost", "deal/9", {"owner_id": "bob"}))
    page.goto(org.url(**params))
    live(page)
    expect(page.locator("#alerts li")).to_have_count(1)
    if params.get("person"):
        expect(page.locator("#card .figures")).to_be_visible()
    assert violations(page) == ""


def test_the_check_for_accessibility_notices_a_breach(page: Page, org: Org) -> None:
    opened(page, org)
    page.locator("#board select").first.evaluate("select => select.removeAttribute('aria-label')")
    assert "select-name" in violations(page)


@pytest.mark.parametrize(("width", "height", "params"), [(390, 844, {}), (1440, 900, {}), (1920, 1080, {"view": "tv"})])
def test_it_fits(new_page: NewPage, org: Org, width: int, height: int, params: dict[str, str]) -> None:
    page = new_page(viewport={"width": width, "height": height})
    org.told(*START, *(won(n, f"seller-with-a-long-name-{n}", f"{n}00.50") for n in range(2, 14)))
    page.goto(org.url(**params))
    live(page)
    expect(page.locator("#board tbody tr")).to_have_count(10)
    wide, high = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert wide <= width
    if params:
        assert high <= height
        last = page.locator("#board tbody tr").last.bounding_box()
        assert last
        assert last["y"] + last["height"] <= height, "all ranks are seen"
        expect(page.locator("#controls")).to_be_hidden()


def test_the_theme_follows_the_system_until_it_is_chosen(new_page: NewPage, org: Org) -> None:
    page = new_page(color_scheme="dark")
    opened(page, org)
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Light").click()
    light = page.evaluate(ground)
    assert dark != light
    page.reload()
    live(page)
    assert page.evaluate(ground) == light


def test_no_other_host_can_be_asked(browser: Browser, service: Service) -> None:
    page = browser.new_page()
    page.goto(service.url)
    refused = """() => new Promise((told) => {
        document.addEventListener("securitypolicyviolation", (event) => told(event.effectiveDirective));
        fetch("http://example.org/").catch(() => null);
    })"""
    assert page.evaluate(refused) == "connect-src"
    page.close()


def test_the_reference_lists_the_routes(page: Page, service: Service) -> None:
    page.goto(service.url)
    page.get_by_role("link", name="API reference").click()
    expect(page.get_by_text("/v1/live", exact=True).first).to_be_visible()


class Guarded:
    """The API with tokens."""

    def __init__(self, service: Service, folder: Path, org: str) -> None:
        self.token, line = make(org, ["admin"])
        (folder / "tokens").write_text(line)
        self.process: Process = service.second(str(folder / "tokens"))
        self.url = f"http://{self.process.environment['CRMPULSE_HTTP']}"


def test_a_token_signs_in_and_makes_a_link_for_a_screen(new_page: NewPage, org: Org, tmp_path: Path) -> None:
    org.told(*START)
    guarded = Guarded(org.service, tmp_path, org.name)
    with guarded.process:
        until(lambda: answers(f"{guarded.url}/readyz"))
        page = new_page()
        page.goto(guarded.url)
        page.get_by_label("Token").fill("crm_guess")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_contain_text("not known")
        page.get_by_label("Token").fill(guarded.token)
        page.keyboard.press("Enter")
        live(page)
        expect(tile(page, "revenue_won")).to_have_attribute("value", "100")
        assert guarded.token not in json.dumps(page.context.storage_state())

        page.get_by_label("Team").select_option("West")
        page.get_by_role("button", name="Link for a screen").click()
        link = page.locator("#prompt pre").text_content() or ""
        page.reload()
        live(page)

        screen = new_page(viewport={"width": 1920, "height": 1080})
        screen.goto(link)
        live(screen)
        expect(tile(screen, "revenue_won")).to_have_attribute("value", "100")
        assert "pass" not in screen.url
        assert screen.request.get(f"{guarded.url}/v1/kpis/revenue_won").status == 403, "no more than the team"
        org.tell(won(2, "ann", "11"))
        expect(tile(screen, "revenue_won")).to_have_attribute("value", "111")

        page.keyboard.press("Escape")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Token")).to_be_visible()
        (tmp_path / "tokens").write_text("")
        expect(screen.get_by_label("Token")).to_be_visible()
