"""`autoheal dev` runs everything in one terminal, and nothing of it stays."""

import os
import re
import signal
import sys
from pathlib import Path

import httpx
import pytest

from events import encode
from tests.autoheal.conftest import children_of, ends, finish
from tests.examples import failed

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent"),
]


class Dev:
    """A running `autoheal dev`, with handles to its processes."""

    def __init__(self, process):
        """Read what it prints until both programs have spoken."""
        self.process = process
        self.lines = []
        self.read_until("worker │", "projector │", "api │")
        programs = children_of(process.pid)
        self.children = {re.search(r"broker|(?<=autoheal )\w+", line)[0]: pid for pid, line in programs.items()}
        self.handles = [os.pidfd_open(pid) for pid in programs]

    def read_until(self, *words):
        """Read lines until each of the words was in one of them."""
        while not all(any(word in line for line in self.lines) for word in words):
            line = self.process.stdout.readline().decode()
            assert line, "it ended: " + "".join(self.lines) + self.process.stderr.read().decode()
            self.lines.append(line)

    def has_left_nothing(self):
        """Tell whether every process that it had started has ended."""
        return all(map(ends, self.handles))

    def ready(self):
        """What the API says of the system."""
        (address,) = re.findall(r"In a browser: (http://\S+)", "".join(self.lines))
        return httpx.get(f"{address}/api/status").json()

    @property
    def variables(self):
        """The settings that it tells people to export."""
        (exports,) = (line for line in self.lines if "export " in line)
        return dict(re.findall(r"(AUTOHEAL_\w+)=(\S+)", exports))


@pytest.fixture
def dev(command):
    """`autoheal dev`, up and running."""
    return Dev(command("dev"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_stops_in_order(dev, number):
    """Ctrl-C, a plain kill and a closed terminal end all of it, and its data."""
    assert dev.children.keys() == {"broker", "worker", "projector", "api"}
    dev.process.send_signal(number)
    assert dev.process.wait(timeout=60) == 0
    assert dev.has_left_nothing()
    assert not Path(dev.variables["AUTOHEAL_DATABASE_URL"].removeprefix("sqlite:///")).parent.exists()


def test_killed_it_leaves_nothing_running(dev):
    """`kill -9` gives it no chance to stop its children, and they end all the same."""
    dev.process.kill()
    assert dev.has_left_nothing()


@pytest.mark.parametrize("name", ["broker", "worker", "projector", "api"])
def test_it_does_not_go_on_without_one_of_them(dev, name):
    """It says which one has ended, stops the others and fails."""
    os.kill(dev.children[name], signal.SIGKILL)
    assert dev.process.wait(timeout=60) == 1
    assert dev.process.stderr.read().decode() == f"autoheal: the {name} was ended by SIGKILL\n"
    assert dev.has_left_nothing()


def test_what_it_prints_is_enough_to_use_it(dev, command):
    """With the variables of its first lines a failure gets in; its heal is seen in the terminal, and at the address."""
    assert finish(command("emit", "-", **dev.variables), encode(failed())).code == 0
    dev.read_until("heals │")
    assert "provider_error  heal 1" in dev.lines[-1]
    assert dev.ready()["broker"]
