"""`autoheal demo`: real commands really fail, and each gets its one decision."""

import os
import signal

import pytest

from autoheal.control import load_control
from autoheal.demo.runner import run
from autoheal.demo.server import failing_provider
from autoheal.demo.task import load_tasks
from tests.autoheal.conftest import children_of, ends, finish

TASKS = {task.name: task for task in load_tasks()}
CATEGORIES = {
    "import-orders": "executor_crash",
    "price-tests": "validation_failure",
    "nightly-report": "timeout",
    "render-preview": "executor_crash",
    "summarise-inbox": "provider_error",
    "summarise-calendar": "provider_error",
    "translate-docs": "provider_error",
    "fetch-catalog": "timeout",
    "sync-inventory": "provider_error",
    "deploy-shop": "executor_crash",
    "lint-api": "validation_failure",
    "check-types": "validation_failure",
    "check-manifest": "validation_failure",
    "train-model": "executor_crash",
    "count-stock": "timeout",
    "clean-up": "unknown",
    "import-returns": "executor_crash",
}


@pytest.fixture(scope="module")
def api():
    """The web server that fails."""
    with failing_provider() as address:
        yield address


@pytest.mark.parametrize(("name", "category"), CATEGORIES.items())
async def test_each_command_fails_as_it_is_meant_to(api, name, category):
    """Its true output is diagnosed as what it is."""
    result = await run(TASKS[name], api)
    assert not result.timed_out
    found = load_control(None).classifier.classify(result.output, exit_code=result.exit_code, signal=result.signal)
    assert found.category == category, result.output


async def test_a_deadline_stops_a_command(api):
    """With what it had printed so far, and whatever it had started."""
    result = await run(TASKS["index-documents"], api)
    assert result.timed_out
    assert result.output == "indexing 2400 documents\n"


@pytest.mark.integration
def test_it_shows_that_every_failure_gets_one_decision(command):
    """It exits with 0, and shows a heal and each way of holding one back."""
    result = finish(command("demo", COLUMNS="120"))
    assert (result.code, result.err) == (0, "")
    failures = sum(task.runs for task in TASKS.values())
    assert f"{failures} failures, each with exactly one decision" in result.out
    assert result.out.count("→ heal requested") + result.out.count("→ no heal") == failures
    for reason in ("already_healing", "cooldown, again from ", "retries_exhausted"):
        assert f"→ no heal: {reason}" in result.out


@pytest.mark.integration
def test_ctrl_c_ends_it(command):
    """At any moment, quietly, and with all that it had started."""
    process = command("demo")
    while b" 1/" not in process.stdout.readline():
        pass
    children = [os.pidfd_open(pid) for pid in children_of(process.pid)]
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert process.stderr.read() == b""
    assert all(map(ends, children))
