"""The application: routes, what they share, and how it opens and closes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api import alerts, cards, export, goals, health, ingest, live, pages, problems, reads, scrape, session
from api.auth import Tokens
from api.metrics import Measured, Metrics
from api.metrics_windows import windows
from api.service import opened
from crmpulse.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """Return the application; it connects when it starts. CannotStartError where tokens file or windows are wrong."""
    windows(settings.metrics_windows)
    tokens, metrics = Tokens(settings.tokens, settings.secret), Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened(settings, tokens, metrics) as app.state.service:
            yield

    app = FastAPI(title="crmpulse", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(Measured, metrics=metrics)
    problems.install(app)
    for module in (ingest, reads, export, goals, alerts, live, cards, session, health, scrape, pages):
        app.include_router(module.router)
    pages.mount(app)
    return app
