"""What every test can use: a broker, a topic prefix of its own, and last lines that say what the tests ran on."""

from collections import Counter
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from autoheal.embedded import BrokerProcess, EmbeddedBroker
from tests import chromium, postgres
from tests.kafka import apache

BROKERS: dict[str, type[BrokerProcess]] = {"embedded": EmbeddedBroker, "apache-kafka": apache.ApacheKafka}
SERVERS: dict[str, dict[str, Callable[[], list[str]]]] = {
    "broker": {"embedded": list, "apache-kafka": apache.missing_tools},
    "database": {"sqlite": list, "postgresql": postgres.missing_tools},
    "browser": {"chromium": chromium.missing_tools},
}
"""What each needs that this machine has not."""


@pytest.fixture(scope="session", params=BROKERS)
def broker(request: pytest.FixtureRequest) -> Iterator[BrokerProcess]:
    """A running broker, empty at the start of the session and shared by its tests."""
    if request.param == "apache-kafka" and (missing := apache.missing_tools()):
        pytest.skip(f"no {' and no '.join(missing)} on PATH")
    with BROKERS[request.param]() as running:
        yield running


@pytest.fixture
def prefix() -> str:
    """A topic prefix that no other test uses, since they share a broker."""
    return f"test-{uuid4().hex[:12]}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Note which broker, database and browser each test runs on; those of a broker are integration tests."""
    for item in items:
        servers = [(kind, name) for kind in SERVERS if (name := _server_of(item, kind))]
        item.user_properties.extend(servers)
        if "broker" in dict(servers):
            item.add_marker("integration")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which brokers, databases and browsers the tests ran on, with how many of them passed on each."""
    passed = Counter(each for report in terminalreporter.getreports("passed") for each in report.user_properties)
    for kind, servers in SERVERS.items():
        exercised = []
        for name, missing in servers.items():
            why_not = f"no {' and no '.join(missing())}" if missing() else "none of its tests ran"
            count = passed[kind, name]
            exercised.append(f"{name} ({count} tests)" if count else f"{name}: not exercised ({why_not})")
        terminalreporter.write_line(f"{kind}s exercised: " + ", ".join(exercised))


def _server_of(item: pytest.Item, kind: str) -> str | None:
    if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return None
    name = item.callspec.params.get(kind)
    return name if isinstance(name, str) else None
