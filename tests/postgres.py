"""PostgreSQL from this machine's packages: a server of our own, for tests."""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGQUIT
from tempfile import TemporaryDirectory
from typing import Any, Self
from uuid import uuid4

import psycopg

from autoheal.embedded import HOST, end_with_parent, free_port

TOOLS = ("initdb", "postgres", "psql")
# Debian keeps the server's programs off the PATH.
PATH = os.pathsep.join([os.environ["PATH"], *map(str, Path("/usr/lib/postgresql").glob("*/bin"))])
USER = "autoheal"
PASSWORD = "not-secret"
START_S = 60
# Nothing here outlives the tests, so nothing has to reach the disk.
SETTINGS = {"listen_addresses": HOST, "unix_socket_directories": "", "fsync": "off", "full_page_writes": "off"}


def missing_tools() -> list[str]:
    """Return which of the programs of PostgreSQL are not on this machine."""
    return [tool for tool in TOOLS if shutil.which(tool, path=PATH) is None]


class Postgres:
    """A server on a loopback port that asks for a password; it and its data end with the `with` block."""

    def __init__(self) -> None:
        """Lay out its directory; nothing runs yet."""
        self.port = free_port()
        self._home = TemporaryDirectory(prefix="autoheal-postgres-")
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres", *, user: str = USER, password: str = PASSWORD) -> str:
        """Return what SQLAlchemy calls a database of this server."""
        return f"postgresql+psycopg://{user}:{password}@{HOST}:{self.port}/{database}"

    @contextmanager
    def schema(self) -> Iterator[str]:
        """Create a schema, which to its user is an empty database but costs no time, and yield its URL."""
        name = f"test_{uuid4().hex[:12]}"
        self.execute(f"CREATE SCHEMA {name}")
        try:
            yield f"{self.url()}?options=-csearch_path%3D{name}"
        finally:
            self.execute(f"DROP SCHEMA {name} CASCADE")

    def execute(self, statement: str) -> None:
        """Run a statement as the server's owner, outside of a transaction."""
        with psycopg.connect(_uri(self.url()), autocommit=True) as connection:
            connection.execute(statement)

    def __enter__(self) -> Self:
        home = Path(self._home.name)
        password = home / "password"
        password.write_text(PASSWORD)
        for path in (home, password):
            os.chown(path, *_owner())
        access = ("-U", USER, "--auth=scram-sha-256", f"--pwfile={password}")
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        with (home / "log").open("ab") as log:
            runs: dict[str, Any] = {
                "cwd": home,
                "stdin": subprocess.DEVNULL,
                "stdout": log,
                "stderr": log,
            } | _as_owner()
            subprocess.run([_tool("initdb"), "-D", "data", *access, "--no-sync"], check=True, **runs)
            self._process = subprocess.Popen(
                [_tool("postgres"), "-D", "data", "-p", str(self.port), *settings],
                preexec_fn=end_with_parent(),  # noqa: PLW1509 - one system call, no locks taken
                **runs,
            )
        self._await_answer(self._process)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.send_signal(SIGQUIT)  # at once: nothing of it is kept
            self._process.wait()
        self._home.cleanup()

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_S
        while process.poll() is None and time.monotonic() < deadline:
            try:
                return self.execute("SELECT 1")
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not come up: {(Path(self._home.name) / 'log').read_text()}")


def psql(url: str, command: str) -> str:
    """Return what PostgreSQL's own client prints: rows only, columns separated by `|`."""
    asked = ["-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", command, _uri(url)]
    return subprocess.run([_tool("psql"), *asked], check=True, capture_output=True, text=True).stdout.strip()


def _uri(url: str) -> str:
    return url.replace("+psycopg", "")


def _tool(name: str) -> str:
    found = shutil.which(name, path=PATH)
    assert found, f"no {name} on this machine"
    return found


def _owner() -> tuple[int, int]:
    """Return the user and group that run the server, which refuses to run as root."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _as_owner() -> dict[str, Any]:
    user, group = _owner()
    return {"user": user, "group": group, "extra_groups": []} if os.geteuid() == 0 else {}
