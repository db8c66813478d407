"""Score of the diagnosis on labelled outputs, beside four regexes in fixed order: ``python -m bench.eval [JSONL]``."""

import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
from rich import box
from rich.console import Console
from rich.table import Table

from events.categories import CATEGORIES, Category
from streams.diagnosis import Classifier, Diagnosis, default_classifier

CORPUS: Final = Path(__file__).parent.parent / "tests" / "data" / "failures.jsonl"
REQUIRED_ACCURACY: Final = 0.95
REQUIRED_ON_HARD: Final = 0.90

_BASELINE: Final[tuple[tuple[Category, re.Pattern[str]], ...]] = (
    ("timeout", re.compile(r"timeout", re.IGNORECASE)),
    ("executor_crash", re.compile(r"crash|exception|traceback", re.IGNORECASE)),
    ("provider_error", re.compile(r"rate.?limit|quota|429", re.IGNORECASE)),
    ("validation_failure", re.compile(r"assert|failed|validation", re.IGNORECASE)),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A labelled output."""

    id: str
    label: Category
    hard: bool
    output: str
    exit_code: int | None
    signal: str | int | None


@dataclass(frozen=True, slots=True)
class Score:
    """How often predictions meet labels."""

    accuracy: float
    macro_f1: float
    confusion: Counter[tuple[Category, Category]]

    def precision(self, category: Category) -> float:
        """Share of the predictions of a category that are right."""
        return _share(self.confusion[category, category], sum(self.confusion[label, category] for label in CATEGORIES))

    def recall(self, category: Category) -> float:
        """Share of the samples of a category that are found."""
        return _share(self.confusion[category, category], sum(self.confusion[category, said] for said in CATEGORIES))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def load(path: Path) -> list[Sample]:
    """Read labelled outputs, one JSON object a line."""
    rows = map(orjson.loads, path.read_bytes().splitlines())
    return [
        Sample(row["id"], row["label"], row["hard"], row["output"], row["exit_code"], row["signal"]) for row in rows
    ]


def baseline(output: str) -> Category:
    """Return what four regexes say: the first that matches decides."""
    return next((category for category, pattern in _BASELINE if pattern.search(output)), "unknown")


def score(samples: Sequence[Sample], predictions: Sequence[Category]) -> Score:
    """Compare predictions with labels."""
    confusion = Counter((sample.label, said) for sample, said in zip(samples, predictions, strict=True))
    right = sum(confusion[category, category] for category in CATEGORIES)
    result = Score(_share(right, len(samples)), 0.0, confusion)
    f1 = [_f1(result.precision(category), result.recall(category)) for category in CATEGORIES]
    return Score(result.accuracy, sum(f1) / len(f1), confusion)


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def diagnose(classifier: Classifier, sample: Sample) -> Diagnosis:
    """Diagnose one sample."""
    return classifier.classify(sample.output, exit_code=sample.exit_code, signal=sample.signal)


def durations(classifier: Classifier, samples: Sequence[Sample], rounds: int = 20) -> list[float]:
    """Return the sorted times of single diagnoses in microseconds, after one round to warm up."""
    for sample in samples:
        diagnose(classifier, sample)
    times = []
    for _ in range(rounds):
        for sample in samples:
            begun = time.perf_counter_ns()
            diagnose(classifier, sample)
            times.append((time.perf_counter_ns() - begun) / 1000)
    return sorted(times)


def _print_scores(console: Console, samples: Sequence[Sample], predictions: Sequence[Category]) -> tuple[Score, Score]:
    hard = [index for index, sample in enumerate(samples) if sample.hard]
    subsets = {f"all {len(samples)}": range(len(samples)), f"hard {len(hard)}": hard}
    table = Table("", "accuracy", "macro-F1", "baseline accuracy", "baseline macro-F1")
    scores = []
    for name, indices in subsets.items():
        chosen = [samples[index] for index in indices]
        ours = score(chosen, [predictions[index] for index in indices])
        theirs = score(chosen, [baseline(sample.output) for sample in chosen])
        figures = (ours.accuracy, ours.macro_f1, theirs.accuracy, theirs.macro_f1)
        table.add_row(name, *(f"{figure:.3f}" for figure in figures))
        scores.append(ours)
    console.print(table)
    return scores[0], scores[1]


def _print_confusion(console: Console, total: Score) -> None:
    table = Table("label, said:", *(said.partition("_")[0] for said in CATEGORIES), "P", "R", box=box.SIMPLE)
    for label in CATEGORIES:
        counts = [str(total.confusion[label, said] or "·") for said in CATEGORIES]
        table.add_row(label, *counts, f"{total.precision(label):.3f}", f"{total.recall(label):.3f}")
    console.print(table)


def _print_misses(console: Console, samples: Sequence[Sample], diagnoses: Sequence[Diagnosis]) -> None:
    misses = [pair for pair in zip(samples, diagnoses, strict=True) if pair[0].label != pair[1].category]
    for sample, said in misses:
        console.print(f"{sample.id}: {sample.label}, said {said.category}/{said.reason}: {said.summary}", markup=False)
    console.print(f"{len(misses)} missed")


def main(arguments: Sequence[str]) -> int:
    """Print the score; 1 when it is below what is required."""
    console = Console()
    samples = load(Path(arguments[0]) if arguments else CORPUS)
    classifier = default_classifier()
    diagnoses = [diagnose(classifier, sample) for sample in samples]
    total, hard = _print_scores(console, samples, [diagnosis.category for diagnosis in diagnoses])
    _print_confusion(console, total)
    _print_misses(console, samples, diagnoses)
    times = durations(classifier, samples)
    mean, worst = sum(times) / len(times), times[len(times) * 99 // 100]
    size = sum(len(sample.output) for sample in samples) / len(samples)
    console.print(f"{mean:.0f} µs a diagnosis, p99 {worst:.0f} µs (outputs of {size:.0f} characters on average)")
    return 0 if total.accuracy >= REQUIRED_ACCURACY and hard.accuracy >= REQUIRED_ON_HARD else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
