"""What holds for every request: what browsers may do with the answer, and how it is refused."""

import logging
from typing import Any, Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from events import BrokerUnreachableError
from projections.database import DatabaseUnreachableError
from projections.pages import BadCursorError

RETRY_AFTER: Final = {"Retry-After": "5"}
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_log = logging.getLogger(__name__)


class SecurityHeaders:
    """Tells browsers to run nothing but what comes from here, and to show it in nobody's frame."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, with the headers."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, with_headers)


def refuse_in_one_line(app: FastAPI) -> None:
    """Make every refusal `{"detail": "one line"}`, and what is away a 503."""

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"detail": "; ".join(map(_sentence, error.errors()[:3]))}, 422)

    @app.exception_handler(BadCursorError)
    def bad_cursor(_: Request, error: BadCursorError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 422)

    @app.exception_handler(DatabaseUnreachableError)
    def no_database(_: Request, error: DatabaseUnreachableError) -> JSONResponse:
        _log.error("%s", error)  # which names the database: that is not for everybody
        return JSONResponse({"detail": "the database does not answer: try again"}, 503, RETRY_AFTER)

    @app.exception_handler(BrokerUnreachableError)
    def no_broker(_: Request, error: BrokerUnreachableError) -> JSONResponse:
        _log.warning("%s", error)
        return JSONResponse({"detail": "the broker does not answer: try again"}, 503, RETRY_AFTER)


def refuse_foreign_origin(request: Request) -> None:
    """Refuse what another site's page makes a browser send: without a token, a browser is let in by its place alone."""
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        raise HTTPException(403, "requests from other sites' pages are refused")


def _sentence(error: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"][1:])
    return f"{where}: {error['msg'].removeprefix('Value error, ')}" if where else error["msg"]
