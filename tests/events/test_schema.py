"""The generated documents."""

from pathlib import Path

import orjson
from jsonschema import Draft202012Validator

from events import encode
from events.schema import documents
from tests.examples import failed

DOCS = Path(__file__).parents[2] / "docs" / "schemas"


def test_the_documents_in_the_repository_are_those_of_the_code():
    """`make docs` was run after the last change of a model."""
    kept = {path.name: orjson.loads(path.read_bytes()) for path in DOCS.glob("*.json")}
    assert kept == orjson.loads(orjson.dumps(documents()))


def test_what_we_write_fits_its_schema():
    """An encoded event is valid, one without its task id is not."""
    validator = Draft202012Validator(documents()["autoheal.task.failed.v1.json"])
    event = orjson.loads(encode(failed(exit_code=1)))
    assert validator.is_valid(event)
    del event["data"]["task_id"]
    assert not validator.is_valid(event)


def test_every_reference_of_the_asyncapi_document_leads_somewhere():
    """Channels refer to messages that exist, messages to schema files that exist."""
    asyncapi = documents()["asyncapi.json"]
    messages = asyncapi["components"]["messages"]
    for channel in asyncapi["channels"].values():
        assert set(channel["messages"]) <= set(messages)
    assert {message["payload"]["$ref"].removeprefix("./") for message in messages.values()} < set(documents())
