"""`POST /api/events`: all of the events or none, and where each of them is."""

import asyncio
import socket

import httpx
import orjson
import pytest

from autoheal.embedded import EmbeddedBroker
from events import TaskFailed, decode, encode, subscribe
from events.admin import create_topics
from events.broker import probe
from events.topics import Topics, partition_of
from projections.api.app import build_api
from projections.api.intake import MAX_BODY_BYTES, MEDIA_TYPES
from tests.examples import IDEA, TASK, failed, made
from tests.projections.api.conftest import NOWHERE, PARTITIONS, PATIENCE_S, calling, serving
from tests.projections.given import requested

JSON = {"content-type": "application/json"}


@pytest.fixture
async def alone(tmp_path):
    """A client of an API without a broker: what is refused is refused before anybody asks for one."""
    async with calling(build_api(NOWHERE, f"sqlite:///{tmp_path}/autoheal.db")) as client:
        yield client


async def post(client, body, content_type="application/json"):
    """Post a body; what is no bytes is encoded."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return await client.post("/api/events", content=content, headers={"content-type": content_type})


async def test_events_are_published_where_the_answer_says(over_tcp, broker, topics):
    """Ids and coordinates come in the order of the request, and a subscriber gets what was sent."""
    sent = [failed(task_id=name, idea_id=None) for name in ("a", "b", "a")]
    answer = await post(over_tcp, [orjson.loads(encode(event)) for event in sent])
    assert answer.status_code == 202
    placed = answer.json()["events"]
    assert [each["id"] for each in placed] == [event.id for event in sent]
    assert {each["topic"] for each in placed} == {topics.named("tasks")}
    assert [each["partition"] for each in placed] == [
        partition_of(event.data.task_id.encode(), PARTITIONS) for event in sent
    ]
    assert placed[2]["offset"] > placed[0]["offset"]
    events = subscribe(broker.bootstrap, TaskFailed, prefix=topics.prefix)
    assert {(await anext(events)).id for _ in sent} == {event.id for event in sent}
    await events.aclose()


@pytest.mark.parametrize("content_type", [*MEDIA_TYPES, "Application/JSON; charset=utf-8"])
async def test_one_event_in_each_of_the_content_types(over_tcp, content_type):
    """A single event needs no list, and every type of CloudEvents' JSON is taken."""
    answer = await post(over_tcp, encode(failed(id="mine")), content_type)
    assert (answer.status_code, answer.json()["events"][0]["id"]) == (202, "mine")


async def test_an_empty_list_is_done_at_once(over_tcp):
    """Nothing to publish is no error."""
    assert (await post(over_tcp, [])).json() == {"events": []}


async def test_each_wrong_field_is_named_and_none_is_published(over_tcp, broker, topics):
    """One that is right beside two that are wrong: nothing is published, and both are told apart."""
    right = orjson.loads(encode(failed()))
    wrong = right | {"id": "2", "data": {"task_id": "", "exit_code": "x"}}
    answer = await post(over_tcp, [right, wrong, {"type": "autoheal.task.exploded.v1"}])
    assert answer.status_code == 422
    assert answer.json()["detail"] == "2 of 3 events are refused, none was published"
    found = [(each["index"], each["id"], each["field"]) for each in answer.json()["errors"]]
    assert found == [(1, "2", "data.task_id"), (1, "2", "data.exit_code"), (2, None, "type")]
    assert answer.json()["errors"][2]["reason"] == "'autoheal.task.exploded.v1' is no event type of ours"
    assert (await post(over_tcp, right)).json()["events"][0]["offset"] == 0


async def test_no_more_than_a_hundred_faults_are_looked_for(client):
    """A body of nothing but wrong events is refused without a look at each of a million."""
    answer = await post(client, [1] * 1_000_000)
    assert answer.status_code == 422
    assert answer.json()["detail"] == "at least 100 of 1000000 events are refused, none was published"
    assert len(answer.json()["errors"]) == 100


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        (b"{", "", "no JSON: "),
        (b"", "", "no JSON: "),
        (b"\xff", "", "no JSON: "),
        (b'{"id": NaN}', "", "no JSON: "),
        ([5], "", "Input should be "),
        ([None], "", "Input should be "),
        (b"[" * 300 + b"]" * 300, "", "it is nested too deeply"),
        (encode(requested()), "type", "'autoheal.heal.requested.v1' is published by Auto-Heal's own agents only"),
        ({"id": "1", "source": "/me", "type": "autoheal.task.failed.v1"}, "data", "Field required"),
        ({"type": ["x"]}, "type", ""),
    ],
)
async def test_what_is_no_event_is_refused_with_a_reason(alone, body, field, reason):
    """Whatever it is, the answer says which field of which event, and why."""
    answer = await post(alone, body)
    assert answer.status_code == 422
    (error, *_) = answer.json()["errors"]
    assert (error["index"], error["field"]) == (0, field)
    assert error["reason"].startswith(reason)


async def test_numbers_that_json_may_write_but_nobody_stores(alone):
    """A number beyond 64 bits in a field of any shape is no crash: only the broker is missing here."""
    said = b'{"task_id":"t","task_type":"impl","context":{"n":1' + b"0" * 40 + b"}}"
    body = b'{"id":"1","source":"/me","type":"autoheal.task.created.v1","data":' + said + b"}"
    assert (await post(alone, body)).status_code == 503


async def test_what_is_too_large_is_refused(alone):
    """An event beyond 1 MiB, or a body beyond 8 MiB, is a 413 that says what to do."""
    large = await post(alone, encode(failed(output="x" * (1 << 20))))
    assert (large.status_code, large.json()["detail"][:9]) == (413, "event 0 h")
    body = await post(alone, b" " * (MAX_BODY_BYTES + 1))
    assert (body.status_code, body.json()["detail"]) == (
        413,
        f"the body has more than {MAX_BODY_BYTES} bytes: publish in several requests",
    )


async def test_a_body_without_a_length_is_read_no_further_than_its_limit(alone):
    """The limit holds also for who does not say how much is to come: nobody reads on for ever."""
    taken = 0

    async def endless():
        nonlocal taken
        while True:
            taken += 1 << 20
            yield b" " * (1 << 20)

    answer = await alone.post("/api/events", content=endless(), headers=JSON)
    assert answer.status_code == 413
    assert taken <= MAX_BODY_BYTES + (1 << 20)


@pytest.mark.integration
async def test_a_length_beyond_the_limit_is_refused_before_the_body_comes(tmp_path):
    """A client that announces a large body hears at once that it is too large."""
    with serving(build_api(NOWHERE, f"sqlite:///{tmp_path}/autoheal.db")) as url:
        address = url.removeprefix("http://")
        host, port = address.split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as connection:
            head = f"POST /api/events HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n"
            connection.sendall(f"{head}Content-Length: {MAX_BODY_BYTES + 1}\r\n\r\n".encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_another_content_type_is_refused(alone, content_type):
    """What a form of another site can send is not taken."""
    answer = await post(alone, encode(failed()), content_type)
    assert (answer.status_code, MEDIA_TYPES[0] in answer.json()["detail"]) == (415, True)


@pytest.mark.integration
async def test_a_broker_that_was_away_is_found_again(tmp_path):
    """Without a broker the answer is 503 and when to try again; once it is back, events get in, nobody restarts."""
    broker = EmbeddedBroker()
    app = build_api(broker.bootstrap, f"sqlite:///{tmp_path}/autoheal.db")
    with serving(app) as url, broker:
        async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_S) as client:
            await _create(broker)
            assert (await post(client, encode(failed()))).status_code == 202
            broker.kill()
            answer = await _until(client, 503)
            assert answer.headers["retry-after"].isdigit()
            assert answer.json() == {"detail": "the broker does not answer: try again"}
            broker.start()
            await _create(broker)
            answer = await _until(client, 202)
            assert answer.json()["events"][0]["id"] == "again"


async def _create(broker):
    await create_topics(broker.bootstrap, Topics().all(), partitions=1, broker=await probe(broker.bootstrap))


async def _until(client, status):
    async with asyncio.timeout(PATIENCE_S):
        while (answer := await post(client, encode(failed(id="again")))).status_code != status:
            assert answer.status_code in (202, 503)
    return answer


async def test_what_is_published_is_what_was_sent(over_tcp, broker, topics):
    """Fields of ours survive as they are; the key is the idea."""
    event = made(TaskFailed, task_id=TASK, idea_id=IDEA, output="ünïcode \\ \n", exit_code=137, signal="SIGKILL")
    assert (await post(over_tcp, encode(event))).status_code == 202
    events = subscribe(broker.bootstrap, TaskFailed, prefix=topics.prefix)
    assert await anext(events) == event == decode(encode(event))
    await events.aclose()
