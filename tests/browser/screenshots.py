"""The pictures of the documentation, made anew: `python -m tests.browser.screenshots [folder]`, from the generated company."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from playwright.sync_api import Browser, expect, sync_playwright

from crmpulse.embedded import free_port

FOLDER = Path(__file__).parents[2] / "docs" / "images"
WAIT_MS = 120_000
UP = (sys.executable, "-c", "from crmpulse.cli import main; main()", "up", "--demo")


class Picture(NamedTuple):
    """A page at a size; ``params`` as in its address, ``opened`` what is clicked first."""

    name: str
    scheme: Literal["light", "dark"]
    width: int
    height: int
    params: str = ""
    scale: float = 1
    opened: str = ""


PICTURES = (
    Picture("scoreboard", "light", 1440, 900),
    Picture("scoreboard", "dark", 1440, 900),
    Picture("phone", "light", 390, 844, scale=2),
    Picture("tv", "dark", 1920, 1080, "view=tv"),
    Picture("card", "light", 1440, 900, opened="#board tbody button"),
)


@contextmanager
def company() -> Iterator[str]:
    """The address of a service with a company at work, once all its history is counted."""
    address = f"127.0.0.1:{free_port()}"
    environment = {**os.environ, "CRMPULSE_HTTP": address}
    with subprocess.Popen(UP, env=environment, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            assert any("Ctrl-C" in line for line in running.stdout), "it ended before its history was counted"
            yield f"http://{address}/"
        finally:
            running.terminate()


def take(browser: Browser, url: str, picture: Picture, folder: Path) -> None:
    """Take a picture once every number has come, and no number moves."""
    size: Any = {"width": picture.width, "height": picture.height}
    page = browser.new_page(
        viewport=size,
        device_scale_factor=picture.scale,
        color_scheme=picture.scheme,
        reduced_motion="reduce",
        locale="en-GB",
    )
    page.goto(f"{url}?{picture.params}", wait_until="load")
    expect(page.locator("#connection")).to_have_attribute("data-state", "live", timeout=WAIT_MS)
    expect(page.locator(".tile.loading")).to_have_count(0, timeout=WAIT_MS)
    expect(page.locator("#board tbody tr")).to_have_count(10, timeout=WAIT_MS)
    expect(page.locator("#alerts li").first).to_be_attached(timeout=WAIT_MS)
    if picture.opened:
        page.locator(picture.opened).first.click()
        expect(page.locator("#card .figures")).to_be_visible(timeout=WAIT_MS)
    page.screenshot(path=folder / f"{picture.name}-{picture.scheme}.png", animations="disabled", caret="hide")
    page.close()


def main() -> None:
    """Take all pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with company() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for picture in PICTURES:
            take(browser, url, picture, folder)
        browser.close()


if __name__ == "__main__":
    main()
