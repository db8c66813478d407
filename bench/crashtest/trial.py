"""One trial: processes under load are struck, the log is drained, and everything in it is checked."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from bench.crashtest.chaos import SESSION_S, Blow, strike
from bench.crashtest.fleet import Fleet
from bench.crashtest.healer import Healer
from bench.crashtest.history import History, Policy
from bench.crashtest.load import Load
from bench.crashtest.log import Log
from bench.crashtest.rules import Check, check_log
from bench.crashtest.tables import behind, check_tables
from events.admin import create_topics
from events.broker import probe
from events.topics import Topics

PARTITIONS: Final = 4
TICK_S: Final = 0.05
OBSERVATION_S: Final = 8
POLICY: Final = Policy(
    cooldown_s={"timeout": 1, "executor_crash": 2, "provider_error": 3, "validation_failure": 1, "unknown": 4},
    max_retries={"timeout": 2, "executor_crash": 2, "provider_error": 3, "validation_failure": 2, "unknown": 1},
)

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Trial:
    """What to do to whom."""

    bootstrap: str
    directory: Path
    prefix: str
    worker: tuple[str, ...]
    """Arguments to Python that run a worker."""
    blows: Sequence[Blow]
    seed: int
    """Of the load."""
    rate: int
    """Records per second."""
    drain_s: float
    """How long everything may take to be answered at the end."""

    @property
    def database(self) -> Path:
        """The projector's."""
        return self.directory / "autoheal.db"


@dataclass(frozen=True, slots=True)
class Report:
    """What happened, and what was found."""

    trial: Trial
    exits: list[str]
    history: History
    checks: list[Check]
    stuck: str | None

    @property
    def passed(self) -> bool:
        """Whether everything was answered and no rule is broken."""
        return not self.stuck and not self.broken

    @property
    def broken(self) -> list[Check]:
        """The rules that are broken."""
        return [check for check in self.checks if check.violations]


async def run_trial(trial: Trial, tell: Tell) -> Report:
    """Strike the processes under load, wait until all is answered, and check it.

    Args:
        trial: What to do.
        tell: Called with a line whenever something happens.
    """
    await create_topics(
        trial.bootstrap, Topics(trial.prefix).all(), partitions=PARTITIONS, broker=await probe(trial.bootstrap)
    )
    healer = Healer(trial.bootstrap, trial.prefix)
    with (
        Fleet(trial.directory, _environment(trial), trial.worker, tell) as fleet,
        closing(Log(trial.bootstrap, trial.prefix)) as log,
    ):
        async with _beside(fleet.tend()):
            async with _beside(healer.run()):
                async with _beside(_publish(trial)):
                    await strike(trial.blows, fleet, lambda: len(healer.seen), tell)
                tell("the load has ended, waiting for the last answers")
                stuck = await _drain(trial, log)
            stuck = stuck or await _drain(trial, log)  # what the healer said last
        exits = [*fleet.exits, *await asyncio.to_thread(fleet.stop)]
        await asyncio.to_thread(log.read_on)
    history = History(log.entries)
    checks = [*check_log(history, POLICY), *check_tables(history, trial.database)]
    report = Report(trial, exits, history, checks, stuck)
    if not report.passed:
        log.dump(trial.directory / "log.jsonl")
    return report


def _environment(trial: Trial) -> dict[str, str]:
    policy = trial.directory / "policy.toml"
    policy.write_text(_toml(POLICY))
    return {
        "AUTOHEAL_BOOTSTRAP_SERVERS": trial.bootstrap,
        "AUTOHEAL_TOPIC_PREFIX": trial.prefix,
        "AUTOHEAL_PARTITIONS": str(PARTITIONS),
        "AUTOHEAL_DATABASE_URL": f"sqlite:///{trial.database}",
        "AUTOHEAL_POLICY": str(policy),
        # Faust's own, for both brokers alike: its minute of patience with a dead worker would outlast the test.
        "BROKER_SESSION_TIMEOUT": str(SESSION_S),
        "BROKER_REBALANCE_TIMEOUT": str(SESSION_S),
        "BROKER_HEARTBEAT_INTERVAL": "1",
    }


def _toml(policy: Policy) -> str:
    """Write the policy file: cooldowns of seconds, so that many heals are requested and the guards are often near."""
    strategies = (
        f"[strategies.{category}]\ncooldown_seconds = {cooldown}\nmax_retries = {policy.max_retries[category]}\n"
        for category, cooldown in policy.cooldown_s.items()
    )
    guards = f'[guards]\ncooldown_scope = "category+provider"\nobservation_window_seconds = {OBSERVATION_S}\n'
    return "".join(strategies) + guards


async def _publish(trial: Trial) -> None:
    """Publish at the trial's rate until cancelled."""
    load, topic, sent = Load(trial.seed), f"{trial.prefix}.tasks", 0
    async with AIOKafkaProducer(bootstrap_servers=trial.bootstrap, acks="all") as producer:
        began = time.monotonic()
        while True:
            due = int((time.monotonic() - began) * trial.rate) - sent
            for message in load.take(due):
                await producer.send(topic, message.value, key=message.key)
            sent += due
            await asyncio.sleep(TICK_S)


async def _drain(trial: Trial, log: Log) -> str | None:
    """Wait until everything in the log is answered and in the tables; return what is not when time is up."""
    deadline = time.monotonic() + trial.drain_s
    while True:
        await asyncio.to_thread(log.read_on)
        unanswered, waiting = History(log.entries).unanswered(), behind(log.ends, trial.database)
        if not unanswered and not waiting:
            return None
        if time.monotonic() > deadline:
            return (
                f"stuck after {trial.drain_s:.0f} s: {len(unanswered)} records unanswered {unanswered[:3]}, "
                f"the projector is behind on {len(waiting)} partitions {waiting[:3]}"
            )


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let work go on for the length of the block; if it fails, so does the block at its end."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()
