"""`GET /api/heals/stream`: what comes, in order, and nothing twice or never over a reconnect."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import httpx
import pytest

from autoheal.embedded import EmbeddedBroker
from events import Publisher, decode
from events.admin import create_topics
from events.broker import probe
from events.topics import Topics
from projections.api import stream
from projections.api.app import build_api
from tests.projections.api.conftest import PARTITIONS, PATIENCE_S, serving
from tests.projections.given import concluded, requested, suppressed

pytestmark = pytest.mark.integration


class Events:
    """The server-sent events of a response, field by field."""

    def __init__(self, response):
        """Read its lines."""
        self._lines = response.aiter_lines()

    async def next(self):
        """The next event that is not only a comment."""
        fields = {}
        async with asyncio.timeout(PATIENCE_S):
            async for line in self._lines:
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "id" in fields or "event" in fields:
                    return fields
                else:
                    fields = {}
        raise AssertionError("the stream ended")


@asynccontextmanager
async def following(url, last_event_id=None) -> AsyncIterator[Events]:
    """Follow the heals; on entry the stream has begun."""
    headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    async with (
        httpx.AsyncClient(timeout=PATIENCE_S) as client,
        client.stream("GET", f"{url}/api/heals/stream", headers=headers) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        async with aclosing(response.aiter_lines()):
            yield Events(response)


async def publish(broker, prefix, *events):
    """Publish events."""
    async with Publisher(broker.bootstrap, prefix=prefix) as publisher:
        await publisher.publish_all(events)


async def test_only_what_comes_from_now_on(served, broker, topics):
    """What is in the log already is left out; each heal event comes with its short type and the CloudEvent."""
    await publish(broker, topics.prefix, *(requested(f"old{each}", idea_id=f"i{each}") for each in range(20)))
    new = [requested("new"), suppressed("f"), concluded("succeeded")]
    async with following(served) as events:
        begun = await events.next()
        assert begun.keys() == {"id"}
        await publish(broker, topics.prefix, *new)
        seen = [await events.next() for _ in new]
    assert [each["event"] for each in seen] == ["heal.requested", "heal.suppressed", "heal.succeeded"]
    assert [decode(each["data"].encode()) for each in seen] == new


async def test_it_resumes_exactly(served, broker, topics):
    """With the id of any event that was seen, exactly the events behind it come, over all partitions."""
    sent = [requested(f"f{each}", idea_id=f"i{each}") for each in range(30)]
    async with following(served) as events:
        at = (await events.next())["id"]
        await publish(broker, topics.prefix, *sent)
        first = [await events.next() for _ in range(10)]
    seen = [decode(each["data"].encode()).id for each in first]
    async with following(served, first[-1]["id"]) as events:
        assert (await events.next())["id"] == first[-1]["id"]
        seen += [decode((await events.next())["data"].encode()).id for _ in range(20)]
    assert sorted(seen) == sorted(event.id for event in sent)
    async with following(served, at) as events:
        await events.next()
        again = [decode((await events.next())["data"].encode()).id for _ in sent]
    assert sorted(again) == sorted(seen)


async def test_an_id_of_another_log_goes_on_at_the_end(served, broker, topics):
    """Offsets that the log has not reached do not make a client wait until it does."""
    async with following(served, "0:900,1:900") as events:
        assert (await events.next())["id"] == "0:0,1:0"
        await publish(broker, topics.prefix, requested())
        assert (await events.next())["event"] == "heal.requested"


async def test_an_id_that_is_none_is_refused(served):
    """It is a 422 in one line."""
    async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
        answer = await client.get(f"{served}/api/heals/stream", headers={"Last-Event-ID": "yesterday"})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("Last-Event-ID: ")


async def test_no_more_clients_than_there_is_room_for(served, monkeypatch):
    """One too many is a 503 that says when to try again; when one leaves, there is room."""
    monkeypatch.setattr(stream, "MAX_STREAMS", 1)
    async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
        async with following(served) as events:
            await events.next()
            answer = await client.get(f"{served}/api/heals/stream")
            assert (answer.status_code, answer.headers["retry-after"].isdigit()) == (503, True)
        async with asyncio.timeout(PATIENCE_S):
            while "autoheal_api_streams 0.0" not in (await client.get(f"{served}/metrics")).text:
                pass
        async with following(served) as events:
            await events.next()


async def test_a_broker_that_goes_away_is_said_and_found_again(tmp_path):
    """The client hears of it and stays connected; when the broker is back, so are the events."""
    with EmbeddedBroker() as broker, serving(build_api(broker.bootstrap, f"sqlite:///{tmp_path}/a.db")) as url:
        await _create(broker)
        async with following(url) as events:
            await events.next()
            broker.kill()
            assert (await events.next())["event"] == "broker-away"
            broker.start()
            await _create(broker)
            while (await events.next()).get("event"):  # it may be back before its topics are
                pass
            await publish(broker, "autoheal", requested())
            assert (await events.next())["event"] == "heal.requested"


async def _create(broker):
    await create_topics(broker.bootstrap, Topics().all(), partitions=PARTITIONS, broker=await probe(broker.bootstrap))
