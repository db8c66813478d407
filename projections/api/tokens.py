"""Who may change state."""

from secrets import compare_digest
from typing import Annotated, Final

from fastapi import HTTPException, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from projections.api.guards import refuse_foreign_origin

SCHEME: Final = HTTPBearer(
    auto_error=False, description="`AUTOHEAL_API_TOKEN`, where one is set; what only reads needs none"
)
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(SCHEME)]


class Tokens:
    """Lets in who bears the token; everybody when there is none."""

    def __init__(self, token: str | None) -> None:
        """Take the token."""
        self._token = token.encode() if token else None

    @property
    def needed(self) -> bool:
        """Tell whether requests that change state need a token."""
        return self._token is not None

    def check(self, request: Request, bearer: Bearer) -> None:
        """Refuse a request that must not change state.

        Raises:
            HTTPException: 401 without the token, 403 when another site's page makes a browser send it.
        """
        refuse_foreign_origin(request)
        if self._token and not (bearer and compare_digest(bearer.credentials.encode(), self._token)):
            challenge = {"WWW-Authenticate": "Bearer"}
            raise HTTPException(401, "send the token: `Authorization: Bearer <AUTOHEAL_API_TOKEN>`", challenge)
