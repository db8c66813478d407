"""Who is struck when: drawn from a seed before anything starts."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Final, Literal

from bench.crashtest.fleet import PROJECTOR, WORKERS, Fleet

SESSION_S: Final = 6
"""How long the group waits for a worker that says nothing: as short as brokers allow."""
AT_WORK_S: Final = 15.0
LOOK_S: Final = 0.05
STOP_EVERY: Final = 5
TARGETS: Final = {WORKERS[:1]: 3, WORKERS[1:]: 3, WORKERS: 2, (PROJECTOR,): 2}


@dataclass(frozen=True, slots=True)
class Blow:
    """Something bad that happens to some processes."""

    kind: Literal["kill", "stop"]
    victims: tuple[str, ...]
    at_work: bool
    """Strike while decisions are being made, not at any time: also while the group rebalances and recovers."""
    after_s: float
    down_s: float
    """How long until they are started, or woken, again."""

    def __str__(self) -> str:
        what = "kill -9" if self.kind == "kill" else "SIGSTOP"
        return f"{what} {' and '.join(self.victims)} for {self.down_s:.1f} s"


def schedule(seed: int, kills: int) -> list[Blow]:
    """Draw blows until so many processes are killed; a worker is stopped and woken after every fifth."""
    return list(_blows(Random(seed), kills))


async def strike(
    blows: Sequence[Blow], fleet: Fleet, decisions: Callable[[], int], tell: Callable[[str], None]
) -> None:
    """Deal the blows, one after the other.

    Args:
        blows: What to do.
        fleet: To whom.
        decisions: Returns how many decisions there are by now.
        tell: Called with a line for each blow.
    """
    for number, blow in enumerate(blows, 1):
        if blow.at_work:
            await _until_more(decisions)
        await asyncio.sleep(blow.after_s)
        tell(f"{number}/{len(blows)} {blow}; {decisions()} decisions so far")
        await _deal(blow, fleet)


async def _deal(blow: Blow, fleet: Fleet) -> None:
    if blow.kind == "kill":
        for name in blow.victims:
            fleet.kill(name)
        await asyncio.sleep(blow.down_s)
        for name in blow.victims:
            fleet.start(name)
    else:
        for name in blow.victims:
            fleet.send(name, signal.SIGSTOP)
        await asyncio.sleep(blow.down_s)
        for name in blow.victims:
            fleet.send(name, signal.SIGCONT)


async def _until_more(decisions: Callable[[], int]) -> None:
    """Wait for the next decision, though not for ever: a broken worker may never make one."""
    before = decisions()
    try:
        async with asyncio.timeout(AT_WORK_S):
            while decisions() == before:  # noqa: ASYNC110 - a glance is all it takes
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        return


def _blows(random: Random, kills: int) -> Iterator[Blow]:
    killed = 0
    for number in count(1):
        (drawn,) = random.choices(tuple(TARGETS), tuple(TARGETS.values()))
        victims = drawn[: kills - killed]
        killed += len(victims)
        down_s = random.uniform(0, 2) if _chance(random, 0.75) else SESSION_S + random.uniform(0.5, 2)
        yield Blow("kill", victims, _chance(random, 0.6), random.uniform(0, 2), down_s)
        if killed == kills:
            return
        if number % STOP_EVERY == 0:
            zombie = (random.choice(WORKERS),)
            yield Blow("stop", zombie, True, random.uniform(0, 1), SESSION_S + random.uniform(1, 3))


def _chance(random: Random, share: float) -> bool:
    return random.random() < share
