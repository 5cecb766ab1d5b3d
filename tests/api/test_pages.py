"""The pages and what they load: all from here, all as it was taken over, nothing that a policy would have to forgive."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

STATIC = Path(__file__).parents[2] / "api" / "static"
VENDORED = {
    "uplot/LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
    "uplot/uPlot.esm.js": "5dd9b3281aa64b461b42d9945f6adb2649d346502b12281a9ae0d46599a80eba",
    "uplot/uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    "inter/LICENSE": "3b0a5fca3d17942cde889069889dedbbbd075e9b599968c82a95f4d944e9b345",
    "inter/inter-latin-wght-normal.woff2": "3100e775e8616cd2611beecfa23a4263d7037586789b43f035236a2e6fbd4c62",
    "inter/inter-latin-ext-wght-normal.woff2": "34b9c504cab7a73e37b746343a449132e56cf7b5481af2cb81dc74dcff25c956",
}
"""SHA-256 of the files of uPlot 1.6.32 and Inter 5.3.0 (npm: uplot, @fontsource-variable/inter)."""


def test_what_was_taken_over_is_as_it_was() -> None:
    folder = STATIC / "vendor"
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    assert {name: sha256(path.read_bytes()).hexdigest() for name, path in found.items()} == VENDORED


OURS = sorted(path for path in STATIC.iterdir() if path.is_file())


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_files_name_no_other_host_and_set_nothing_inline(path: Path) -> None:
    text = path.read_text()
    assert set(re.findall(r"https?://([\w.-]+)", text)) <= {"www.w3.org"}
    assert not re.search(r"\binnerHTML\b|\beval\(|new Function|<style|<script>|\sstyle=|\son\w+=\"", text)


IMPORTED = sorted({name for path in OURS for name in re.findall(r'from "\./([^"]+)"', path.read_text())})


@pytest.mark.parametrize("name", IMPORTED)
async def test_every_module_that_is_imported_is_there(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/assets/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/javascript; charset=utf-8")


async def test_the_scoreboard_may_load_its_own_files_alone(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert (policy["base-uri"], policy["frame-ancestors"], policy["object-src"]) == ("'none'",) * 3
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/", "/assets/scoreboard.js", "/assets/vendor/uplot/uPlot.esm.js"])
async def test_a_browser_asks_whether_a_file_changed(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    if "etag" in answer.headers:
        again = await client.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
