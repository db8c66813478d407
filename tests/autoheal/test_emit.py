"""`autoheal emit`."""

import json

from events import TaskFailed, encode, subscribe
from events.codec import MAX_EVENT_BYTES
from tests.autoheal.conftest import finish
from tests.examples import OTHER_TASK, failed


async def published(installation, count):
    """Return the first failures in the log, in the order of their ids."""
    address, prefix = installation["AUTOHEAL_BOOTSTRAP_SERVERS"], installation["AUTOHEAL_TOPIC_PREFIX"]
    found = []
    async for event in subscribe(address, TaskFailed, prefix=prefix):
        found.append(event)
        if len(found) == count:
            break
    return sorted(found, key=lambda event: event.id)


async def test_it_publishes_each_line(command, installation):
    """All fields arrive, and the coordinates of each are printed; topics are created when there are none."""
    events = [failed(id="a"), failed(id="b", task_id=OTHER_TASK)]
    result = finish(command("emit", "-", **installation), b"\n".join(map(encode, events)))
    coordinates = [json.loads(line) for line in result.out.splitlines()]
    assert (result.code, result.err) == (0, "")
    assert [(one["line"], one["id"], one["offset"] >= 0) for one in coordinates] == [(1, "a", True), (2, "b", True)]
    assert {one["topic"] for one in coordinates} == {f"{installation['AUTOHEAL_TOPIC_PREFIX']}.tasks"}
    assert await published(installation, 2) == events


async def test_a_bad_line_is_refused_and_the_others_are_published(command, installation, tmp_path):
    """Each refusal has its line number and the reason."""
    too_large = encode(failed(output="x" * MAX_EVENT_BYTES))
    grown = encode(failed(output="")).replace(b'"specversion":"1.0",', b"")
    grown = grown.replace(b'"output":""', b'"output":"%s"' % (b"x" * (MAX_EVENT_BYTES - len(grown))))
    lines = [
        b"{oops",
        encode(failed(id="a")),
        b"",
        b'{"type": "autoheal.task.failed.v2"}',
        too_large,
        grown,
        encode(failed(id="b")),
    ]
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(lines))
    result = finish(command("emit", "events.jsonl", **installation))
    assert result.code == 1
    assert [json.loads(line)["line"] for line in result.out.splitlines()] == [2, 7]
    first, second, third, fourth = result.err.splitlines()
    assert first.startswith("line 1: Invalid JSON")
    assert second == "line 4: type: 'autoheal.task.failed.v2' is no event type of ours"
    assert third.startswith("line 5: the event has ")
    assert fourth.startswith("line 6: the event has 1048596 bytes")
    assert [event.id for event in await published(installation, 2)] == ["a", "b"]
