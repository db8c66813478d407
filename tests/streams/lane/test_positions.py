"""No offset is skipped, none is handed out twice, and only what is done is committed."""

import pytest
from aiokafka.structs import ConsumerRecord
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.lane.positions import Positions

SOURCE = TP("tasks", 3)


def records(*offsets: int) -> list[ConsumerRecord]:
    return [ConsumerRecord(*SOURCE, offset, 0, 0, b"k", b"v", None, 1, 1, ()) for offset in offsets]


@pytest.mark.parametrize(
    ("fetched", "handed_out"),
    [
        pytest.param((10, 11, 12), (10, 11, 12), id="joins on"),
        pytest.param((8, 9, 10, 11), (10, 11), id="overlaps"),
        pytest.param((7, 8, 9), (), id="was read before"),
        pytest.param((10, 14), (10, 14), id="lacks offsets within, which the broker does not have"),
    ],
)
def test_only_unread_records_are_handed_out(fetched: tuple[int, ...], handed_out: tuple[int, ...]) -> None:
    """Of what is fetched again only the records not handed out before are."""
    positions = Positions()
    positions.start(SOURCE, 10)
    assert [record.offset for record in positions.unread(SOURCE, records(*fetched))] == list(handed_out)


def test_nothing_is_handed_out_before_the_start_is_known() -> None:
    """Records fetched before the committed offset is known are turned away."""
    positions = Positions()
    assert not positions.unread(SOURCE, records(5, 6))
    assert positions.start(SOURCE, 5) == 5
    assert positions.unread(SOURCE, records(5, 6)) == records(5, 6)


def test_reading_goes_on_when_it_has_begun() -> None:
    """A second start within an assignment names the next unread offset, not the first."""
    positions = Positions()
    positions.start(SOURCE, 5)
    positions.unread(SOURCE, records(5, 6))
    assert positions.start(SOURCE, 5) == 7


def test_a_gap_is_gone_back_for_once() -> None:
    """A gap is read again once; one that is still there is the broker's, and another one is gone back for too."""
    positions = Positions()
    positions.start(SOURCE, 10)
    assert positions.skipped_to(SOURCE, records(15)) == 10
    assert positions.skipped_to(SOURCE, records(15)) is None
    positions.unread(SOURCE, records(15))
    assert positions.skipped_to(SOURCE, records(20)) == 16


def test_the_watermark_is_forgotten_with_the_assignment() -> None:
    """After a rebalance nothing of the last assignment is committed or held against what is fetched."""
    positions = Positions()
    positions.start(SOURCE, 10)
    positions.finish(SOURCE, 12)
    assert (positions.finished(), positions.done(SOURCE)) == ((SOURCE,), 13)
    positions.clear()
    assert (positions.finished(), positions.done(SOURCE)) == ((), None)
    assert positions.start(SOURCE, 0) == 0


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=40))
def test_whatever_is_fetched_is_handed_out_once_and_in_order(fetches: list[tuple[int, int]]) -> None:
    """From any mix of repeated, overlapping and skipping fetches come all offsets from the start, each once."""
    positions = Positions()
    positions.start(SOURCE, 0)
    handed_out: list[int] = []
    for first, count in fetches:
        fetched = records(*range(first, first + count))
        if first <= len(handed_out):  # else it skips, and reading goes back
            assert positions.skipped_to(SOURCE, fetched) is None
            handed_out += [record.offset for record in positions.unread(SOURCE, fetched)]
    assert handed_out == list(range(len(handed_out)))


def test_what_an_old_generation_was_handed_does_not_count() -> None:
    """Records that were handed out late, under a generation that is over, are read again under the new one."""
    positions = Positions()
    positions.begin(1)
    positions.start(SOURCE, 5)
    assert positions.unread(SOURCE, records(5, 6))
    positions.begin(1)
    assert positions.start(SOURCE, 5) == 7
    positions.begin(2)
    assert positions.start(SOURCE, 5) == 5
