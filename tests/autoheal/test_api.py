"""`autoheal api` serves where it says, and beyond this machine only with a token."""

import json
import signal
import socket

import httpx
import pytest

from tests.autoheal.conftest import finish

NOWHERE = {"AUTOHEAL_BOOTSTRAP_SERVERS": "127.0.0.1:1"}


def served(process):
    """The address that its log names, behind the line about a new database."""
    return next(said["at"] for said in map(json.loads, process.stderr) if "at" in said)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_serves_and_stops_in_order(command, number):
    """Port 0 is any free port; a broker does not have to be there; its end is clean."""
    process = command("api", **NOWHERE, AUTOHEAL_API_PORT="0")
    url = served(process)
    assert url.startswith("http://127.0.0.1:")
    assert httpx.get(f"{url}/healthz").json() == {"alive": True}
    process.send_signal(number)
    assert process.wait(timeout=30) == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.test"])
def test_beyond_this_machine_it_needs_a_token(run, monkeypatch, host):
    """Without one it refuses to start, in one line that says what to do."""
    monkeypatch.setenv("AUTOHEAL_API_HOST", host)
    result = run("api")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        f"autoheal: AUTOHEAL_API_HOST={host} is beyond this machine: set AUTOHEAL_API_TOKEN, or bind to 127.0.0.1\n"
    )


def test_every_address_of_this_machine_answers_to_itself(command):
    """Loopback has more addresses than the usual one: the API answers at the one that it is bound to."""
    url = served(command("api", **NOWHERE, AUTOHEAL_API_HOST="127.0.0.2", AUTOHEAL_API_PORT="0"))
    assert httpx.get(f"{url}/healthz").status_code == 200
    assert httpx.get(f"{url}/healthz", headers={"host": "heal.example"}).status_code == 400


def test_with_a_token_it_serves_everybody(command):
    """Then it answers to any name, and what changes state needs the token."""
    variables = {"AUTOHEAL_API_HOST": "0.0.0.0", "AUTOHEAL_API_PORT": "0", "AUTOHEAL_API_TOKEN": "not-secret"}
    url = served(command("api", **NOWHERE, **variables)).replace("0.0.0.0", "127.0.0.1")
    assert httpx.get(f"{url}/healthz", headers={"host": "heal.example"}).status_code == 200
    assert httpx.post(f"{url}/api/events").status_code == 401


def test_a_port_that_is_taken_is_one_line(command):
    """It names the address and what to set."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = finish(command("api", **NOWHERE, AUTOHEAL_API_PORT=str(port)))
    assert result.code == 2
    assert result.err.startswith(f"autoheal: cannot serve on 127.0.0.1:{port} (Address already in use")
    assert "AUTOHEAL_API_PORT" in result.err


def test_the_token_is_no_ones_to_read(run, monkeypatch):
    """`autoheal config` masks it whatever it looks like."""
    monkeypatch.setenv("AUTOHEAL_API_TOKEN", "blue horse")
    assert "horse" not in run("config").out
