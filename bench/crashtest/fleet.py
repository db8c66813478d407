"""The processes under test, and what is done to them."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from os import environ
from pathlib import Path
from typing import Final, Self

from autoheal.embedded import end_with_parent

WORKERS: Final = ("worker-1", "worker-2")
PROJECTOR: Final = "projector"
STOP_S: Final = 20.0
TEND_S: Final = 0.2


class Fleet:
    """Two workers and a projector; one that ends by itself is started again, as a supervisor would."""

    def __init__(
        self, directory: Path, environment: Mapping[str, str], worker: Sequence[str], tell: Callable[[str], None]
    ) -> None:
        """Prepare the processes.

        Args:
            directory: Takes a log file per process.
            environment: Variables of every process, beside our own.
            worker: Arguments to Python that run a worker.
            tell: Called with a line when a process ended by itself.
        """
        self._directory = directory
        self._environment = {**environ, **environment}
        self._commands = dict.fromkeys(WORKERS, worker) | {PROJECTOR: ("-m", "autoheal", "projector")}
        self._tell = tell
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.exits: list[str] = []
        """What ended without being killed."""

    def __enter__(self) -> Self:
        for name in self._commands:
            self.start(name)
        return self

    def __exit__(self, *_: object) -> None:
        for name in tuple(self._running):
            self.kill(name)

    def start(self, name: str) -> None:
        """Start a process."""
        with (self._directory / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                (sys.executable, *self._commands[name]),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent(),  # noqa: PLW1509 - one system call, no locks taken
            )

    def kill(self, name: str) -> None:
        """End a process at once, as `kill -9` does."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal, such as SIGSTOP."""
        self._running[name].send_signal(number)

    async def tend(self) -> None:
        """Start again whatever ended by itself, until cancelled."""
        while True:
            await asyncio.sleep(TEND_S)
            for name, process in tuple(self._running.items()):
                if process.poll() is not None:
                    self.exits.append(f"{name} ended by itself with exit code {process.returncode}")
                    self._tell(self.exits[-1])
                    self.start(name)

    def stop(self) -> list[str]:
        """Ask every process to end in order; return what did not."""
        for process in self._running.values():
            process.terminate()
        codes = {name: _code(process) for name, process in self._running.items()}
        return [f"{name}: exit code {code} after SIGTERM" for name, code in codes.items() if code]


def _code(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        return -signal.SIGKILL
