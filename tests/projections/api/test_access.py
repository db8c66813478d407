"""Who may ask for what: tokens, other sites' pages, and names that are not this API's."""

import pytest

from events import encode
from projections.api.app import build_api
from tests.examples import failed
from tests.projections.api.conftest import NOWHERE, calling

TOKEN = "not-secret"
CHANGES = ("/api/events", "/api/dead-letters/a/redrive")
JSON = {"content-type": "application/json"}


@pytest.fixture
async def guarded(tmp_path):
    """A client of an API with a token."""
    async with calling(build_api(NOWHERE, f"sqlite:///{tmp_path}/autoheal.db", token=TOKEN)) as client:
        yield client


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize("said", [None, "Bearer wrong", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ü"])
async def test_what_changes_state_needs_the_token(guarded, path, said):
    """Without it, or with another one, the answer is 401 and says how to send it."""
    headers = {"authorization": said.encode()} if said else {}
    answer = await guarded.post(path, content=encode(failed()), headers=JSON | headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json() == {"detail": "send the token: `Authorization: Bearer <AUTOHEAL_API_TOKEN>`"}


async def test_with_the_token_it_is_let_in(guarded):
    """What is asked for is looked at: there is no such dead letter, and no broker."""
    bearer = {"authorization": f"Bearer {TOKEN}"}
    assert (await guarded.post(CHANGES[1], headers=bearer)).status_code == 404
    assert (await guarded.post(CHANGES[0], content=encode(failed()), headers=JSON | bearer)).status_code == 503


async def test_reading_needs_no_token(guarded):
    """The status says that changing state does."""
    answer = await guarded.get("/api/status")
    assert (answer.status_code, answer.json()["mutations_need_token"]) == (200, True)


@pytest.mark.parametrize("path", CHANGES)
async def test_another_sites_page_changes_nothing(client, path):
    """Without a token a browser is let in by its place: what another site's page makes it send is refused."""
    refused = await client.post(path, headers={"origin": "https://evil.example"})
    assert (refused.status_code, refused.json()) == (403, {"detail": "requests from other sites' pages are refused"})
    assert (await client.post(path, headers={"origin": "http://localhost"})).status_code in (404, 415)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8100", 200),
        ("127.0.0.1", 200),
        ("[::1]:8100", 200),
        ("evil.example", 400),
        ("localhost.evil.example", 400),
    ],
)
async def test_names_that_are_not_this_apis_are_refused(client, host, status):
    """A name that an attacker points at this machine does not open it to that name's pages."""
    assert (await client.get("/healthz", headers={"host": host})).status_code == status


@pytest.mark.parametrize("path", ["/", "/api/heals", "/api/nowhere"])
async def test_browsers_are_told_to_run_nothing_from_elsewhere(client, path):
    """Every answer says so, refusals too."""
    headers = (await client.get(path)).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
