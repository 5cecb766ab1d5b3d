"""Errors are RFC 9457 problems and say nothing of the insides."""

from __future__ import annotations

from http import HTTPStatus

import httpx
import pytest

from tests.api.serving import service_of


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v2/kpis", 404), ("GET", "/v1/", 404), ("PUT", "/v1/kpis", 405), ("GET", "/v1/events", 405)],
)
async def test_what_is_not_there_is_a_problem(client: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    told = answer.json()
    assert told.pop("detail")
    assert told == {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "instance": path}
    assert status == 404 or answer.headers["allow"]


async def test_what_went_wrong_inside_stays_inside(client: httpx.AsyncClient) -> None:
    service_of(client).engine = None  # type: ignore[assignment]
    answer = await client.get("/v1/kpis/win_rate")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "NoneType" not in answer.text
    assert "Traceback" not in answer.text
