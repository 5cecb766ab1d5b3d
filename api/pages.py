"""Pages for people: where to go from `/`, and the reference of the routes. Nothing is loaded from elsewhere."""

from collections.abc import Iterator
from functools import lru_cache
from html import escape
from importlib.resources import files
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI, Request, Response
from starlette.staticfiles import StaticFiles

from api import reference

OWN_ONLY = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
HTML = reference.text("text/html", "a page")

router = APIRouter(tags=["Pages"])


@router.get("/", response_class=Response, responses=HTML)
async def start(request: Request) -> Response:
    """List the routes."""
    return _page("start.html", "".join(_rows(_described(request.app)[0]["paths"])))


@router.get("/docs", response_class=Response, responses=HTML)
async def docs() -> Response:
    """Show the reference of the routes, with forms to try them."""
    return _page("docs.html")


@router.get("/openapi.json", response_class=Response, responses=reference.text("application/json", "OpenAPI 3.1"))
async def openapi(request: Request) -> Response:
    """Describe all routes for programs."""
    return Response(_described(request.app)[1], media_type="application/json")


def mount(app: FastAPI) -> None:
    """Serve the files that the pages load."""
    assets = StaticFiles(packages=[("api", "static"), ("fastapi_offline", "static")])
    app.mount("/assets", assets, "assets")


@lru_cache(maxsize=1)
def _described(app: FastAPI) -> tuple[dict[str, Any], bytes]:
    told = reference.openapi(app.title, app.routes)
    return told, msgspec.json.encode(told)


def _rows(paths: dict[str, Any]) -> Iterator[str]:
    for path, operations in paths.items():
        for method, operation in operations.items():
            told = escape(operation["description"].partition("\n")[0])
            asks = any(parameter["required"] for parameter in operation.get("parameters", []))
            name = escape(path) if asks or method != "get" else f'<a href="{escape(path)}">{escape(path)}</a>'
            yield f"<tr><td>{method.upper()}</td><td>{name}</td><td>{told}</td></tr>"


def _page(name: str, rows: str = "") -> Response:
    html = (files("api") / "static" / name).read_text().replace("<!-- rows -->", rows)
    return Response(html, headers=OWN_ONLY, media_type="text/html")
