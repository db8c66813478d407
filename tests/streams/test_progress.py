"""What a row contains of one source."""

import pytest

from streams.progress import Progress
from streams.record import Coordinate, Record, coordinate
from tests.examples import failed


def of(*positions, settled=0):
    """Return the progress after positions were taken in this order."""
    progress = Progress()
    for position in positions:
        progress = progress.taking(Coordinate("autoheal.tasks/3", position, settled))
    return progress


@pytest.mark.parametrize(
    ("progress", "position", "contained"),
    [
        (of(), (0, 0), False),
        (of((3, 0)), (3, 0), True),
        (of((3, 0)), (3, 1), False),
        (of((3, 0)), (2, 0), False),
        (of((3, 0), (2, 0)), (2, 0), True),
        (of((3, 0), settled=2), (1, 5), True),
        (of((3, 0), settled=2), (2, 0), False),
        (of((3, 0), settled=4), (3, 9), True),
    ],
)
def test_a_position_is_contained_once_taken_or_settled(progress, position, contained):
    """A lower one that has not come yet is still to be taken."""
    assert progress.contains(position) is contained


def test_what_is_settled_is_not_listed():
    """A row stays small: it lists no more than the batches that may come again."""
    progress = of((3, 0), (5, 0), (4, 1))
    assert progress.beyond == ((3, 0), (4, 1), (5, 0))
    assert progress.taking(Coordinate("autoheal.tasks/3", (9, 0), 5)) == Progress(5, ((5, 0), (9, 0)))


@pytest.mark.parametrize(
    ("whole", "part", "covered"),
    [
        (of(), of(), True),
        (of((3, 0)), of(), True),
        (of((3, 0)), of((2, 0)), False),
        (of((2, 0), (3, 0)), of((3, 0)), True),
        (of((7, 0), settled=5), of((2, 0)), True),
        (of((2, 0)), of((7, 0), settled=5), False),
    ],
)
def test_the_longer_progress_covers_the_shorter(whole, part, covered):
    """Of two rows the one that covers the other is kept."""
    assert whole.covers(part) is covered


def test_a_derived_event_stands_where_its_cause_does():
    """Whatever offset it was published at, and however often."""
    event = failed().model_copy(update={"origin": "autoheal.tasks/3@42#1", "settled": 40})
    record = Record("autoheal.failures", 0, 7, 0, None, None)
    assert coordinate(record, event) == Coordinate("autoheal.tasks/3", (42, 1), 40)


def test_a_producers_record_stands_for_itself():
    """All before it is done with: a partition is read in order."""
    record = Record("autoheal.tasks", 3, 42, 0, None, None)
    assert coordinate(record, None) == Coordinate("autoheal.tasks/3", (42, 0), 43)
