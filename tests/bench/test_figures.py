"""What several measurements say together."""

import pytest

from bench.figures import Spread, percentile


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([5.0], 0.99, 5.0),
        ([4.0, 1.0, 3.0, 2.0], 0.5, 2.0),
        ([4.0, 1.0, 3.0, 2.0], 0.51, 3.0),
        (list(range(1, 101)), 0.99, 99),
        (list(range(1, 1001)), 0.99, 990),
        ([1.0, 2.0], 1.0, 2.0),
        ([1.0, 2.0], 0.0, 1.0),
    ],
)
def test_a_percentile_is_a_measured_value(values, share, expected):
    """The smallest that the share of the values does not exceed (nearest rank)."""
    assert percentile(values, share) == expected


def test_a_spread_is_median_and_extremes():
    """One outlier does not move the median."""
    assert Spread.of([1000.0, 3.0, 1.0, 2.0, 4.0]) == Spread(3.0, 1.0, 1000.0)


def test_a_ratio_compares_runs_of_the_same_round():
    """A machine that was slow in one round was slow for both."""
    assert Spread.of_ratios([10.0, 100.0], [5.0, 50.0]) == Spread(2.0, 2.0, 2.0)


def test_runs_without_a_counterpart_are_refused():
    """A ratio of runs from different rounds would say nothing."""
    with pytest.raises(ValueError, match="shorter"):
        Spread.of_ratios([1.0, 2.0], [1.0])
