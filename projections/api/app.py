"""The application: every resource put together with what it depends on."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from projections.api import dead_letters, events, failures, guards, heals, health, page, stats, stream, tasks
from projections.api.answers import EVERYWHERE
from projections.api.broker import BrokerLink
from projections.api.metrics import Metrics
from projections.api.openapi import document
from projections.api.tokens import Tokens
from projections.database import open_database

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
DESCRIPTION: Final = """\
What failed, why, what was decided about it and what came of that. Every answer is read from the projections' tables;
events go onto the log. Times are ISO 8601 in UTC. Lists come in pages: pass `next` of one as `cursor` of the next.
"""


def build_api(
    bootstrap: str,
    database_url: str,
    *,
    prefix: str = "autoheal",
    token: str | None = None,
    hosts: Sequence[str] = LOOPBACK,
) -> FastAPI:
    """Return the API. It opens the database now, and the broker when somebody first needs it.

    Args:
        bootstrap: Address of the broker, `host:port`, several separated by commas.
        database_url: SQLAlchemy's, such as `sqlite:///autoheal.db`.
        prefix: Prefix of the topic names.
        token: What requests that change state have to bear; none is asked for when left out.
        hosts: The names by which clients reach it; `*` is any.

    Raises:
        DatabaseUnreachableError: The database cannot be opened.
    """
    engine = open_database(database_url)
    link, metrics, tokens = BrokerLink(bootstrap, prefix), Metrics(), Tokens(token)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await link.close()
        engine.dispose()

    app = FastAPI(
        title="Auto-Heal", version="1", description=DESCRIPTION, lifespan=lifespan, responses=EVERYWHERE,
        docs_url=None, redoc_url=None,  # their scripts come from elsewhere
    )  # fmt: skip
    for resource in (
        stats.routes(engine),
        heals.routes(engine),
        failures.routes(engine),
        tasks.routes(engine),
        dead_letters.routes(engine, link, tokens),
        events.routes(link, tokens, metrics),
        stream.routes(link, metrics),
        health.routes(engine, link, tokens, metrics),
        page.routes(),
    ):
        app.include_router(resource)
    document(app)
    guards.refuse_in_one_line(app)
    app.add_middleware(metrics.middleware)
    app.add_middleware(guards.SecurityHeaders)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    return app
