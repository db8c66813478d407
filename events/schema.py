"""The contract for other languages: a JSON Schema per event, and an AsyncAPI document of the topics."""

from pathlib import Path
from typing import Any

import orjson

from events.codec import EVENT_TYPES
from events.envelope import CloudEvent
from events.topics import NAMES, Topics, topic_of

_KEYS = {
    "failures": "the cooldown scope",
    "dead-letters": "the key of the refused record, a re-drive by the id of its dead letter",
}


def documents() -> dict[str, dict[str, Any]]:
    """Return every document by its file name."""
    schemas = {f"{_type_of(model)}.json": _schema(model) for model in EVENT_TYPES}
    return schemas | {"asyncapi.json": _asyncapi()}


def write_documents(folder: Path) -> list[Path]:
    """Write every document into a folder, and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, document in documents().items():
        path = folder / name
        path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        written.append(path)
    return written


def _schema(model: type[CloudEvent]) -> dict[str, Any]:
    """Return the schema of an event on the wire, where its type is always written."""
    schema = model.model_json_schema()
    schema["required"] = [*schema["required"], "specversion", "type"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def _asyncapi() -> dict[str, Any]:
    topics = Topics()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Auto-Heal events",
            "version": "1",
            "description": "CloudEvents 1.0 in structured JSON, one event per Kafka record, at most 1 MiB.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {name: _channel(topics.named(name), name) for name in NAMES},
        "components": {"messages": {_type_of(model): _message(model) for model in EVENT_TYPES}},
    }


def _channel(address: str, name: str) -> dict[str, Any]:
    messages = [_type_of(model) for model in EVENT_TYPES if topic_of(_type_of(model)) == name]
    key = _KEYS.get(name, "the work key: idea_id when the task has one, else the (source) task's id")
    return {
        "address": address,
        "description": f"Keyed by {key}.",
        "messages": {message: {"$ref": f"#/components/messages/{message}"} for message in messages},
    }


def _message(model: type[CloudEvent]) -> dict[str, Any]:
    return {"name": _type_of(model), "summary": model.__doc__, "payload": {"$ref": f"./{_type_of(model)}.json"}}


def _type_of(model: type[CloudEvent]) -> str:
    return str(model.model_fields["type"].default)
