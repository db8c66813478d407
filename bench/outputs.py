"""What tasks print: real failures, and the chatter of work that goes well."""

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import orjson

FAILURES: Final = Path(__file__).parent.parent / "tests" / "data" / "failures.jsonl"
MIN_BYTES: Final = 400
MAX_BYTES: Final = 4096
_CHATTER: Final = (
    "[{0:>3}%] building object src/module_{1}.o",
    "step {0}: read {1} rows in {2} ms",
    "2026-11-22T10:{0:02}:{1:02}Z info  worker-{2} took item {1}",
    "copied assets/{1}/img_{2}.png ({0} kB)",
    "test_case_{1} ... ok ({2} ms)",
    "checkpoint {2} written, {0} of 100 parts done",
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a failed task ended."""

    output: str
    exit_code: int | None
    signal: str | int | None


def load_failures() -> list[Ended]:
    """Read the outputs of real tools that failed."""
    rows = map(orjson.loads, FAILURES.read_bytes().splitlines())
    return [Ended(row["output"], row["exit_code"], row["signal"]) for row in rows]


def chatter(random: Random, size: int | None = None) -> str:
    """Return the last bytes (as many as asked for, else 400 to 4096) of what a task prints that goes well."""
    size = size or _any_size(random)
    lines: list[str] = []
    left = size
    while left > 0:
        numbers = (random.randrange(60), random.randrange(60), random.randrange(1000))
        lines.append(random.choice(_CHATTER).format(*numbers) + "\n")
        left -= len(lines[-1])
    return "".join(lines)[-size:]


def failure(random: Random, failures: list[Ended]) -> Ended:
    """Return a real failure at the end of an output of 400 to 4096 bytes."""
    ended = random.choice(failures)
    last_words = ended.output.encode()[-MAX_BYTES:].decode(errors="ignore")
    before = _any_size(random) - len(last_words.encode())
    output = (chatter(random, before) + "\n" if before > 0 else "") + last_words
    return Ended(output, ended.exit_code, ended.signal)


def _any_size(random: Random) -> int:
    """Choose a size, small ones more often: as many between 400 and 800 as between 1600 and 3200."""
    return int(MIN_BYTES * (MAX_BYTES / MIN_BYTES) ** random.random())
