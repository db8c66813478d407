"""Targets beside what was measured."""

import orjson
import pytest

from bench.latency import Latency
from bench.projection import Projection
from bench.recovery import Recovery
from bench.report import Results, targets, write_json
from bench.throughput import Run


def runs(name, *seconds, refusal=None):
    return [Run(name, 1000, 100, took, took, refusal) for took in seconds]


@pytest.mark.parametrize(("seconds", "met"), [((1.0, 16.0, 16.0), True), ((16.0, 8.0, 8.0), False)])
def test_a_ratio_counts_by_its_median(seconds, met):
    """15 x idiomatic Faust is what is to be reached."""
    results = Results(runs("this worker", 1.0, 1.0, 1.0) + runs("idiomatic Faust", *seconds))
    assert [(target.name, target.met) for target in targets(results)] == [("throughput / idiomatic Faust", met)]


def test_a_contestant_that_did_not_run_has_no_ratio():
    """Nothing is claimed about it."""
    results = Results(runs("this worker", 1.0) + runs("Quix Streams", 0.0, refusal="the broker refused"))
    assert list(targets(results)) == []


@pytest.mark.parametrize(("p99", "met"), [(149.9, True), (150.0, False)])
def test_p99_counts_at_5000_a_second_only(p99, met):
    """A slower rate has no target."""
    latencies = [Latency(rate, rate, 100, 10.0, p99, 300.0) for rate in (1000, 5000)]
    assert [target.met for target in targets(Results(latencies=latencies))] == [met]


@pytest.mark.parametrize(
    ("rows", "seconds", "expected"), [(200_000, 1.9, [True]), (200_000, 2.0, [False]), (199_999, 0.1, [])]
)
def test_recovery_counts_only_with_all_rows(rows, seconds, expected):
    """A worker that is ready without its rows has recovered nothing."""
    assert [target.met for target in targets(Results(recoveries=[Recovery(rows, seconds)]))] == expected


@pytest.mark.parametrize(
    ("database", "seconds", "load_seconds", "expected"),
    [
        ("sqlite", 1.0, 0.1, [True]),
        ("sqlite", 1.01, 1.0, [False]),
        ("postgresql", 1.0, 0.3, [True]),
        ("postgresql", 0.5, 0.1, [False]),
    ],
)
def test_the_projector_has_a_speed_on_sqlite_and_a_share_on_postgresql(database, seconds, load_seconds, expected):
    """30 000 events/s, and 0.3 of what COPY alone takes."""
    run = Projection(database, 30_000, seconds, 1.0, load_seconds)
    assert [target.met for target in targets(Results(projections=[run]))] == expected


def test_every_single_run_is_in_the_json(tmp_path):
    """Medians can be computed anew from it."""
    write_json(Results(runs("this worker", 1.0, 2.0)), tmp_path / "bench.json")
    written = orjson.loads((tmp_path / "bench.json").read_bytes())
    assert [run["seconds"] for run in written["results"]["runs"]] == [1.0, 2.0]
