"""Worker and projector show their metrics where the settings say, and nowhere else."""

import time

import httpx
import pytest

from autoheal.embedded import free_port
from events import encode
from tests.autoheal.conftest import finish
from tests.examples import failed

PATIENCE_S = 60


def until(port, *lines):
    """Wait until each of the lines is among the metrics at a port."""
    deadline = time.monotonic() + PATIENCE_S
    text = ""
    while not set(lines) <= set(text.splitlines()):
        assert time.monotonic() < deadline, text
        try:
            text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        except httpx.TransportError:
            text = ""
    return text


@pytest.mark.integration
def test_a_decision_is_counted_by_the_worker_and_its_rows_by_the_projector(command, installation):
    """One failure is one decision by category and reason, with its delay; the tables lack nothing in the end."""
    ports = {name: free_port() for name in ("worker", "projector")}
    for name, port in ports.items():
        command(name, **installation, AUTOHEAL_METRICS_PORT=str(port))
    assert finish(command("emit", "-", **installation), encode(failed())).code == 0
    decided = 'autoheal_decisions_total{category="provider_error",decision="requested",reason=""} 1.0'
    text = until(ports["worker"], decided, "autoheal_decision_delay_seconds_count 1.0")
    assert 'autoheal_batch_records_count{agent="work"}' in text
    assert 'autoheal_batch_seconds_count{agent="heal"} 1.0' in text
    text = until(ports["projector"], "autoheal_projected_records_sum 3.0", "autoheal_lag_records 0.0")
    assert "autoheal_transaction_seconds_count" in text


@pytest.mark.parametrize("name", ["worker", "projector"])
def test_a_port_that_is_taken_is_one_line(command, broker, installation, name):
    """It names the variable, and nothing starts."""
    port = broker.bootstrap.rpartition(":")[2]
    result = finish(command(name, **installation, AUTOHEAL_METRICS_PORT=port))
    assert result.code == 2
    assert f"autoheal: AUTOHEAL_METRICS_PORT: cannot serve on 127.0.0.1:{port}" in result.err
