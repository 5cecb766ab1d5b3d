"""Pages for people: the scoreboard, and the reference of the routes. Nothing is loaded from elsewhere."""

from functools import lru_cache
from importlib.resources import files
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI, Request, Response
from starlette.staticfiles import StaticFiles

from api import reference

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_OWN = "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
POLICY = {"scoreboard.html": _OWN, "docs.html": f"{_OWN}; style-src 'self' 'unsafe-inline'"}
"""What a page may load: its own files alone; the reference sets styles of its own."""
HTML = reference.text("text/html", "a page")

router = APIRouter(tags=["Pages"])


@router.get("/", response_class=Response, responses=HTML)
async def scoreboard() -> Response:
    """Show goals, key figures, ranks and alerts, live."""
    return _page("scoreboard.html")


@router.get("/docs", response_class=Response, responses=HTML)
async def docs() -> Response:
    """Show the reference of the routes, with forms to try them."""
    return _page("docs.html")


@router.get("/openapi.json", response_class=Response, responses=reference.text("application/json", "OpenAPI 3.1"))
async def openapi(request: Request) -> Response:
    """Describe all routes for programs."""
    return Response(_described(request.app), media_type="application/json")


class _Assets(StaticFiles):
    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        answer = super().file_response(*args, **kwargs)
        answer.headers.update(_HEADERS)
        return answer


def mount(app: FastAPI) -> None:
    """Serve the files that the pages load; a browser asks each time whether they changed."""
    assets = _Assets(packages=[("api", "static"), ("fastapi_offline", "static")])
    app.mount("/assets", assets, "assets")


@lru_cache(maxsize=1)
def _described(app: FastAPI) -> bytes:
    return msgspec.json.encode(reference.openapi(app.title, app.routes))


def _page(name: str) -> Response:
    html = (files("api") / "static" / name).read_text()
    return Response(html, headers={**_HEADERS, "Content-Security-Policy": POLICY[name]}, media_type="text/html")
