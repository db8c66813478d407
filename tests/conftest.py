"""What every test can use: a broker, a topic prefix of its own, and a last line that says which brokers ran."""

from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import pytest

from autoheal.embedded import BrokerProcess, EmbeddedBroker
from tests.kafka.apache import ApacheKafka, missing_tools

BROKERS: dict[str, type[BrokerProcess]] = {"embedded": EmbeddedBroker, "apache-kafka": ApacheKafka}


@pytest.fixture(scope="session", params=BROKERS)
def broker(request: pytest.FixtureRequest) -> Iterator[BrokerProcess]:
    """A running broker, empty at the start of the session and shared by its tests."""
    if request.param == "apache-kafka" and (missing := missing_tools()):
        pytest.skip(f"no {' and no '.join(missing)} on PATH")
    with BROKERS[request.param]() as running:
        yield running


@pytest.fixture
def prefix() -> str:
    """A topic prefix that no other test uses, since they share a broker."""
    return f"test-{uuid4().hex[:12]}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of a broker as an integration test, and note which broker it is."""
    for item in items:
        if (name := _broker_of(item)) is not None:
            item.add_marker("integration")
            item.user_properties.append(("broker", name))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which brokers the tests ran on, with how many of them passed on each."""
    passed = Counter(dict(report.user_properties).get("broker") for report in terminalreporter.getreports("passed"))
    missing = missing_tools()
    exercised = []
    for name in BROKERS:
        why_not = f"no {' and no '.join(missing)}" if missing and name == "apache-kafka" else "none of its tests ran"
        exercised.append(f"{name} ({passed[name]} tests)" if passed[name] else f"{name}: not exercised ({why_not})")
    terminalreporter.write_line("brokers exercised: " + ", ".join(exercised))


def _broker_of(item: pytest.Item) -> str | None:
    if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return None
    name = item.callspec.params.get("broker")
    return name if isinstance(name, str) else None
