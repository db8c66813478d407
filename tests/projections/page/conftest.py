"""The page in a real browser, on processes of its own: broker, worker, projector and API."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Self

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from autoheal.embedded import HOST, EmbeddedBroker, end_with_parent, free_port
from events import CloudEvent, encode
from projections.database import open_database
from tests.chromium import chromium, missing_tools
from tests.projections.page.many import insert_many

TOKEN = "the token of these tests"
ANSWERS_S = 60


class Installation:
    """A broker, a database and the programs that are started; all of it ends with the `with` block."""

    def __init__(self, folder: Path, token: str = "") -> None:
        """Choose the addresses; nothing runs yet."""
        self.broker = EmbeddedBroker()
        self.database_url = f"sqlite:///{folder / 'autoheal.db'}"
        self.api_port = free_port()
        self.url = f"http://{HOST}:{self.api_port}/"
        self._folder = folder
        self._token = token
        self._programs: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *names: str) -> None:
        """Start programs of the command line."""
        settings = {
            "AUTOHEAL_BOOTSTRAP_SERVERS": self.broker.bootstrap,
            "AUTOHEAL_DATABASE_URL": self.database_url,
            "AUTOHEAL_API_PORT": str(self.api_port),
        } | ({"AUTOHEAL_API_TOKEN": self._token} if self._token else {})
        for name in names:
            with (self._folder / f"{name}.log").open("ab") as log:
                self._programs[name] = subprocess.Popen(
                    [sys.executable, "-m", "autoheal", name],
                    env=os.environ | settings,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=end_with_parent(),  # noqa: PLW1509 - one system call, no locks taken
                )

    def kill(self, name: str) -> None:
        """End a program at once."""
        program = self._programs.pop(name)
        program.kill()
        program.wait()

    def wait_for_api(self, path: str = "healthz") -> None:
        """Return once the API answers 200 at a path."""
        deadline = time.monotonic() + ANSWERS_S
        while True:
            try:
                urllib.request.urlopen(self.url + path, timeout=5).close()
            except OSError as error:
                runs = all(program.poll() is None for program in self._programs.values())
                if not runs or time.monotonic() > deadline:
                    raise AssertionError(self.logs()) from error
                time.sleep(0.1)
            else:
                return

    def publish(self, *events: CloudEvent) -> None:
        """Publish events by the API."""
        body = b"[" + b",".join(map(encode, events)) + b"]"
        headers = {"Content-Type": "application/cloudevents-batch+json", "Authorization": f"Bearer {self._token}"}
        request = urllib.request.Request(f"{self.url}api/events", body, headers)
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 202

    def ask(self, path: str) -> Any:
        """Return what the API answers."""
        with urllib.request.urlopen(self.url + path) as answer:
            return json.load(answer)

    def logs(self) -> str:
        """Return what the programs have written."""
        return "\n".join(log.read_text(errors="replace")[-2000:] for log in self._folder.glob("*.log"))

    def __enter__(self) -> Self:
        self.broker.start()
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._programs):
            self.kill(name)
        self.broker.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["chromium"])
async def browser(request: pytest.FixtureRequest) -> AsyncIterator[Browser]:
    """A running browser, shared by the tests of a module."""
    if missing := missing_tools():
        pytest.skip(f"no {' and no '.join(missing)} on this machine")
    async with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def installation(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Everything that runs in production, shared by the tests of a module; what changes state needs a token."""
    with Installation(tmp_path_factory.mktemp("installation"), TOKEN) as running:
        running.start("worker", "projector", "api")
        running.wait_for_api("readyz")
        yield running


@pytest.fixture(scope="module")
def quiet(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A broker and an API before an empty database; whoever takes one of them away gives it back."""
    with Installation(tmp_path_factory.mktemp("quiet")) as running:
        running.start("api")
        running.wait_for_api()
        yield running


@pytest.fixture
def filled(browser: Browser, tmp_path: Path) -> Iterator[Installation]:
    """A broker and an API before the tables of a hundred thousand failures."""
    with Installation(tmp_path) as running:
        engine = open_database(running.database_url)
        insert_many(engine)
        engine.dispose()
        running.start("api")
        running.wait_for_api()
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A tab without a past; at the end nothing in it was refused, and no script of ours has raised."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    tab = await context.new_page()
    raised: list[str] = []
    tab.on("pageerror", lambda error: raised.append(str(error)))
    tab.on("console", lambda said: raised.append(said.text) if "Content Security Policy" in said.text else None)
    yield tab
    await context.close()
    assert raised == []
