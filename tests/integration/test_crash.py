"""`kill -9` on a real broker, in short: `make crashtest` is the long version."""

from pathlib import Path

import pytest

from autoheal.embedded import BrokerProcess, EmbeddedBroker
from bench.crashtest.chaos import Blow, schedule
from bench.crashtest.fleet import PROJECTOR, WORKERS
from bench.crashtest.trial import Report, Trial, run_trial

BOTH_AT_WORK = Blow("kill", WORKERS, at_work=True, after_s=1.0, down_s=0.5)
BLOWS = (
    BOTH_AT_WORK,
    Blow("kill", (PROJECTOR,), at_work=True, after_s=0.5, down_s=0.5),
    Blow("kill", WORKERS[:1], at_work=False, after_s=1.0, down_s=0.5),
)


async def run(broker: BrokerProcess, directory: Path, prefix: str, *blows: Blow, worker: str, drain_s: float) -> Report:
    arguments = ("-m", *worker.split())
    return await run_trial(
        Trial(broker.bootstrap, directory, prefix, arguments, blows, seed=1, rate=150, drain_s=drain_s), print
    )


async def test_every_count_is_exact_after_kills(broker: BrokerProcess, tmp_path: Path, prefix: str) -> None:
    """Workers and projector are killed: every failure has one decision, and every table is exact."""
    report = await run(broker, tmp_path, prefix, *BLOWS, worker="autoheal worker", drain_s=60)
    assert report.stuck is None
    assert report.broken == []
    assert len(report.history.eligible) > 100


async def test_an_offset_ahead_of_its_effects_is_caught(tmp_path: Path, prefix: str) -> None:
    """A worker that acknowledges first and publishes later loses decisions, and the checker says so."""
    with EmbeddedBroker() as broker:
        worker = "bench.crashtest.broken offset-before-effects"
        report = await run(broker, tmp_path, prefix, BOTH_AT_WORK, worker=worker, drain_s=20)
    assert "records unanswered" in (report.stuck or "")
    assert "every failure has exactly one decision" in [check.rule for check in report.broken]


@pytest.mark.parametrize("kills", [1, 20])
def test_blows_are_drawn_from_the_seed(kills: int) -> None:
    """The same seed strikes the same processes at the same moments, and as many as were asked for."""
    blows = schedule(7, kills)
    assert blows == schedule(7, kills)
    assert sum(len(blow.victims) for blow in blows if blow.kind == "kill") == kills
