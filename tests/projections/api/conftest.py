"""The API over tables of their own, called in this process or served over TCP."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from autoheal.embedded import free_port
from events.admin import create_topics
from events.broker import probe
from events.topics import Topics
from projections.api.app import build_api

NOWHERE = "127.0.0.1:1"
PARTITIONS = 2
PATIENCE_S = 30


def calling(app: FastAPI) -> httpx.AsyncClient:
    """A client of an API in this process."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost")


@pytest.fixture
async def client(url) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an API on a database of its own; there is no broker."""
    async with calling(build_api(NOWHERE, url)) as called:
        yield called


@pytest.fixture
async def topics(broker, prefix) -> Topics:
    """Topics of their own for a test."""
    names = Topics(prefix)
    await create_topics(broker.bootstrap, names.all(), partitions=PARTITIONS, broker=await probe(broker.bootstrap))
    return names


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve an API over TCP, and yield its URL."""
    server = uvicorn.Server(uvicorn.Config(app, port=free_port(), log_config=None, timeout_graceful_shutdown=1))
    thread = Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
        yield f"http://127.0.0.1:{server.config.port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def served(broker, topics, tmp_path) -> Iterator[str]:
    """The URL of an API that is served over TCP, on SQLite and a broker."""
    with serving(build_api(broker.bootstrap, f"sqlite:///{tmp_path}/autoheal.db", prefix=topics.prefix)) as url:
        yield url


@pytest.fixture
async def over_tcp(served) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the served API."""
    async with httpx.AsyncClient(base_url=served, timeout=PATIENCE_S) as called:
        yield called


@pytest.fixture
async def walk(client) -> Callable[..., object]:
    """Read a list page by page, and return the pages' items."""

    async def pages(path: str, **parameters: object) -> list[list[dict]]:
        read, cursor = [], {}
        while True:
            answer = (await client.get(path, params=parameters | cursor)).raise_for_status().json()
            read.append(answer["items"])
            if answer["next"] is None:
                return read
            cursor = {"cursor": answer["next"]}

    return pages
