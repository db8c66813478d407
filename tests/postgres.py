"""PostgreSQL from this machine's packages: a server of our own, for tests."""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path
from signal import SIGINT
from tempfile import TemporaryDirectory
from typing import Any, Self
from uuid import uuid4

import psycopg

from autoheal.embedded import HOST, end_with_parent, free_port

TOOLS = ("initdb", "postgres", "psql")
PATH = os.pathsep.join([os.environ["PATH"], *sorted(glob("/usr/lib/postgresql/*/bin"), reverse=True)])
USER = "autoheal"
PASSWORD = "not-secret"
START_S = 60
# Nothing here survives the tests, so nothing has to reach the disk.
SETTINGS = {"listen_addresses": HOST, "unix_socket_directories": "", "fsync": "off", "full_page_writes": "off"}


def missing_tools() -> list[str]:
    """Return which of the programs of PostgreSQL are not on this machine."""
    return [tool for tool in TOOLS if shutil.which(tool, path=PATH) is None]


class Postgres:
    """A server on a loopback port that asks for a password; it and its data end with the `with` block."""

    def __init__(self) -> None:
        """Choose a port; nothing runs yet."""
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres", *, user: str = USER, password: str = PASSWORD) -> str:
        """Return what SQLAlchemy calls a database of this server."""
        return f"postgresql+psycopg://{user}:{password}@{HOST}:{self.port}/{database}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """Create a database and yield its URL; it is gone afterwards, whoever is still connected."""
        name = f"test_{uuid4().hex[:12]}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run a statement as the server's owner, outside of a transaction."""
        with psycopg.connect(_dsn(self.url()), autocommit=True) as connection:
            connection.execute(statement)

    def __enter__(self) -> Self:
        self._home = TemporaryDirectory(prefix="autoheal-postgres-")
        home = Path(self._home.name)
        (home / "password").write_text(PASSWORD)
        for path in (home, home / "password"):
            os.chown(path, *_owner())
        data = str(home / "data")
        created = ("-D", data, "-U", USER, "--auth=scram-sha-256", f"--pwfile={home / 'password'}", "--no-sync")
        subprocess.run([_tool("initdb"), *created, "-E", "UTF8", "--no-locale"], check=True, **_quietly(home))
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        self._process = subprocess.Popen(
            [_tool("postgres"), "-D", data, "-p", str(self.port), *settings],
            preexec_fn=end_with_parent(),
            start_new_session=True,
            **_quietly(home),
        )
        self._await_answer(self._process, home / "log")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.send_signal(SIGINT)  # a fast shutdown
            self._process.wait()
        self._home.cleanup()

    def _await_answer(self, process: subprocess.Popen[bytes], log: Path) -> None:
        deadline = time.monotonic() + START_S
        while process.poll() is None and time.monotonic() < deadline:
            try:
                return self.execute("SELECT 1")
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not come up: {log.read_text()}")


def psql(url: str, *commands: str) -> str:
    """Return what PostgreSQL's own client prints: tuples only, columns separated by `|`."""
    asked = [argument for command in commands for argument in ("-c", command)]
    options = ("-X", "-At", "-v", "ON_ERROR_STOP=1")
    return subprocess.run(
        [_tool("psql"), *options, _dsn(url), *asked], check=True, capture_output=True, text=True
    ).stdout.strip()


def _dsn(url: str) -> str:
    return url.replace("+psycopg", "")


def _tool(name: str) -> str:
    found = shutil.which(name, path=PATH)
    assert found, f"no {name} on PATH"
    return found


def _owner() -> tuple[int, int]:
    """Return who runs the server: it refuses to run as root."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _quietly(home: Path) -> dict[str, Any]:
    """Return how a program of the server is run, its output in the log."""
    user, group = _owner()
    as_user = {"user": user, "group": group, "extra_groups": []} if os.geteuid() == 0 else {}
    log = (home / "log").open("ab")
    return {"cwd": home, "stdin": subprocess.DEVNULL, "stdout": log, "stderr": subprocess.STDOUT} | as_user
