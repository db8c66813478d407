"""The page: static files beside this package, served at `/`."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.staticfiles import StaticFiles

FOLDER: Final = Path(__file__).parents[1] / "page"


def routes() -> APIRouter:
    """Return the one route, to be added last: it takes every path that nobody else has taken."""
    router, files = APIRouter(), StaticFiles(directory=FOLDER, check_dir=False)

    @router.get("/{path:path}", include_in_schema=False)
    async def page(path: str, request: Request) -> Response:
        response = await files.get_response(path or "index.html", request.scope)
        # Asked for again, but not sent again while it is the same: no page is made of files of two versions.
        response.headers["Cache-Control"] = "no-cache"
        return response

    return router
