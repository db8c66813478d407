"""The OpenAPI document and the API say the same, whatever is sent."""

import asyncio

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation.modes import GenerationMode

from autoheal.embedded import EmbeddedBroker
from events.admin import create_topics
from events.broker import probe
from events.topics import Topics
from projections.api.app import build_api
from projections.database import open_database
from tests.projections.given import concluded, dead_lettered, diagnosed, fold, requested, suppressed

TOKEN = "not-secret"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
EXAMPLES = settings(
    max_examples=15, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """An API with something in its tables, and a broker behind it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('api')}/autoheal.db"
    engine = open_database(url)
    fold(engine, [diagnosed("a"), requested("a"), concluded("succeeded"), diagnosed("b"), suppressed("b")])
    fold(engine, [dead_lettered()])
    engine.dispose()
    with EmbeddedBroker() as broker:
        asyncio.run(_create(broker))
        app = build_api(broker.bootstrap, url, token=TOKEN, hosts=("*",))
        yield schemathesis.openapi.from_asgi("/openapi.json", app)


async def _create(broker):
    await create_topics(broker.bootstrap, Topics().all(), partitions=1, broker=await probe(broker.bootstrap))


@pytest.mark.integration
@pytest.mark.parametrize("mode", GenerationMode)
def test_the_document_is_true(described, mode):
    """No input is answered by a 5xx or by what is not described; what is described as right is taken, else refused."""
    for found in described.exclude(path="/api/heals/stream").get_all_operations():
        operation = found.ok()
        if mode.is_negative and not [*operation.query, *operation.body]:
            continue  # nothing about it can be wrong: an id is any text

        @given(case=operation.as_strategy(mode))
        @EXAMPLES
        def check(case):
            if mode.is_positive:
                case.query.pop("cursor", None)  # which nobody but the API makes
            case.call_and_validate(headers=BEARER)

        check()
