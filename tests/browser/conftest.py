"""Chromium, and pages in it that are held to what holds for all of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, expect, sync_playwright

from crmpulse.settings import CannotStartError
from tests.browser.service import WAIT_SECONDS, Org, Service

expect.set_options(timeout=WAIT_SECONDS * 1000)

NewPage = Callable[..., Page]
NOTED = ("Failed to load resource", "ERR_INCOMPLETE_CHUNKED_ENCODING")
"""What the browser itself writes to the console when a connection is cut or an answer is a problem."""


@pytest.fixture(scope="module")
def browser(service: Service) -> Iterator[Browser]:
    """Chromium, started last and ended with the module: while it is there, an event loop runs in this thread."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise CannotStartError("These tests need Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with Service() as found:
        yield found


@pytest.fixture
def org(service: Service) -> Org:
    """An organisation of this test's own."""
    return Org(service)


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Opens pages, each in a context of its own; at the end none has asked another host or complained."""
    contexts, hosts, complaints = ExitStack(), set[str](), list[str]()

    def complained(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(words in message.text for words in NOTED):
            complaints.append(f"{message.type}: {message.text}")

    def noted(answer: Response) -> None:
        if answer.status >= 400 and "/assets/" in answer.url:
            complaints.append(f"{answer.status}: {answer.url}")

    def opened(**options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", **options})  # type: ignore[arg-type]
        contexts.callback(context.close)
        context.on("request", lambda request: hosts.add(urlsplit(request.url).hostname or ""))
        context.set_default_timeout(WAIT_SECONDS * 1000)
        page = context.new_page()
        page.on("console", complained)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    with contexts:
        yield opened
    assert hosts == {"127.0.0.1"}
    assert complaints == []


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A page on a laptop."""
    return new_page()
