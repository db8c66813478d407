"""The official CloudEvents SDK and we understand each other."""

from cloudevents.core.bindings.kafka import KafkaMessage, from_structured, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent as SdkEvent

from events import TaskFailed, decode, encode
from tests.examples import NOON, RUNNER, TASK, failed


def test_the_sdk_reads_what_we_write():
    """Attributes, extensions and data arrive."""
    event = failed(exit_code=1).model_copy(update={"causationid": "c", "origin": "autoheal.tasks/3@10#0"})
    headers = {"content-type": b"application/cloudevents+json"}
    read = from_structured(KafkaMessage(headers, None, encode(event)), JSONFormat(), SdkEvent)
    assert (read.get_id(), read.get_source(), read.get_type()) == (event.id, event.source, event.type)
    assert read.get_time() == event.time
    assert read.get_extension("origin") == "autoheal.tasks/3@10#0"
    assert read.get_data() == event.data.model_dump(exclude_none=True)


def test_we_read_what_the_sdk_writes():
    """An event made by the SDK decodes to the typed one."""
    attributes = {"id": "1", "source": RUNNER, "type": "autoheal.task.failed.v1", "time": NOON, "specversion": "1.0"}
    message = to_structured(SdkEvent(attributes, {"task_id": TASK, "exit_code": 137}), JSONFormat())
    event = decode(message.value)
    assert isinstance(event, TaskFailed)
    assert (event.time, event.data.task_id, event.data.exit_code) == (NOON, TASK, 137)
