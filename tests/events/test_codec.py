"""Between events and bytes."""

from uuid import NAMESPACE_URL, uuid5

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import EVENT_TYPES, RefusedEventError, TaskCreated, TaskFailed, decode, encode
from events.envelope import derived_id
from tests.examples import NOON, RUNNER, TASK, failed

ENVELOPE = {"specversion": "1.0", "id": "1", "source": "/r", "type": "autoheal.task.failed.v1"}


def test_an_event_survives_the_wire():
    """What is decoded equals what was encoded."""
    event = failed(output="boom", exit_code=1)
    assert decode(encode(event)) == event


def test_the_wire_is_structured_cloudevents_json():
    """Attributes and data stand as the CloudEvents JSON format wants them, empty fields are left out."""
    event = TaskFailed.new(RUNNER, id="1", time=NOON, task_id=TASK, exit_code=1)
    assert orjson.loads(encode(event)) == {
        "specversion": "1.0",
        "id": "1",
        "source": RUNNER,
        "type": "autoheal.task.failed.v1",
        "subject": TASK,
        "time": "2026-11-22T12:00:00Z",
        "data": {"task_id": TASK, "exit_code": 1},
    }


def test_a_producer_may_send_the_least():
    """An id, a source, a type and a task id make an event; unknown fields are ignored."""
    event = decode(orjson.dumps(ENVELOPE | {"mood": "bad", "data": {"task_id": TASK, "colour": "red"}}))
    assert isinstance(event, TaskFailed)
    assert event.data.task_id == TASK


def test_a_category_that_is_none_of_the_five_is_dropped():
    """The rules decide where a producer's category is unknown to us (S2)."""
    event = decode(orjson.dumps(ENVELOPE | {"data": {"task_id": TASK, "error_category": "gremlins"}}))
    assert isinstance(event, TaskFailed)
    assert event.data.error_category is None


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (None, "the record is empty"),
        (b"", "the record is empty"),
        (b"{", "Invalid JSON"),
        (b"[]", "should be an object"),
        (b"\xff\xfe", "Invalid JSON"),
        (b'{"type": "autoheal.task.vanished.v1"}', "type: 'autoheal.task.vanished.v1' is no event type of ours"),
        (b"{}", "type: Field required"),
        (orjson.dumps(ENVELOPE | {"data": {}}), "data.task_id: Field required"),
        (orjson.dumps(ENVELOPE | {"id": "", "data": {"task_id": TASK}}), "id: String should have at least 1"),
        (orjson.dumps(ENVELOPE | {"id": "x" * 201, "data": {"task_id": TASK}}), "id: String should have at most 200"),
        (orjson.dumps(ENVELOPE | {"time": "2026-11-22T12:00:00", "data": {"task_id": TASK}}), "time: Input should"),
        (orjson.dumps(ENVELOPE | {"specversion": "0.3", "data": {"task_id": TASK}}), "specversion: Input should be"),
        (orjson.dumps(ENVELOPE | {"data": {"task_id": TASK, "exit_code": "no"}}), "data.exit_code: Input should be"),
        (
            orjson.dumps(ENVELOPE | {"data": {"task_id": TASK, "retry_count": 1 << 31}}),
            "data.retry_count: Input should",
        ),
        (orjson.dumps(ENVELOPE | {"data": {"task_id": TASK, "exit_code": 1 << 40}}), "data.exit_code: Input should be"),
        (orjson.dumps(ENVELOPE | {"data": {"task_id": TASK, "output": "x" * (1 << 20)}}), "more than 1048576"),
    ],
)
def test_what_is_no_event_is_refused_in_one_line(raw, reason):
    """The reason names the field as the producer wrote it, and what is wrong with it."""
    with pytest.raises(RefusedEventError) as refused:
        decode(raw)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


@given(st.binary())
def test_bytes_are_an_event_or_refused(raw):
    """No bytes make the decoder raise anything else."""
    try:
        decode(raw)
    except RefusedEventError:
        return


def test_every_type_is_versioned_and_unique():
    """The literal types are the storage contract: `autoheal.<noun>.<past verb>.v1`, each once."""
    types = [model.model_fields["type"].default for model in EVENT_TYPES]
    assert len(set(types)) == len(types)
    assert all(len(name.split(".")) == 4 and name.startswith("autoheal.") and name.endswith(".v1") for name in types)


@given(st.lists(st.text(), min_size=1, max_size=3))
def test_a_derived_id_is_a_uuid_of_its_parts(parts):
    """An id is what the standard's version 5 makes of the joined parts, so that others can derive it too."""
    assert derived_id(*parts) == str(uuid5(NAMESPACE_URL, "/".join(parts)))


def test_numbers_that_json_does_not_know_are_null():
    """Whatever numbers a producer puts into the context, the bytes are JSON that any reader takes."""
    context = {"ratio": float("nan"), "limit": float("inf"), "share": 0.1}
    event = TaskCreated.new(RUNNER, id="1", time=NOON, task_id=TASK, task_type="spec", context=context)
    assert orjson.loads(encode(event))["data"]["context"] == {"ratio": None, "limit": None, "share": 0.1}
