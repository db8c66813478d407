"""Reading records: what is no event, or has no time, is left out and stops nobody."""

from types import SimpleNamespace

import pytest

from events import encode
from projections.entry import read
from tests.examples import NOON, failed

TOPIC = "autoheal.tasks"
NOON_MS = NOON.timestamp() * 1000


def record(value=None, timestamp=NOON_MS):
    """A record of a task's failure, where a producer puts it."""
    event = failed()
    place = {"topic": TOPIC, "partition": 0, "offset": 7, "timestamp": timestamp}
    return SimpleNamespace(**place, key=event.data.task_id.encode(), value=encode(event) if value is None else value)


def test_a_producers_event_has_its_records_time():
    """The clock of the log counts, in UTC."""
    entry = read(record(), {TOPIC: 1})
    assert (entry.logged_at, entry.offset) == (NOON, 7)


@pytest.mark.parametrize("timestamp", [1 << 60, -(1 << 60)])
def test_a_record_whose_clock_says_no_time_is_left_out(caplog, timestamp):
    """A broker without a clock of its own keeps whatever a producer's says; the line in the log names the record."""
    assert read(record(timestamp=timestamp), {TOPIC: 1}) is None
    assert "left out autoheal.tasks/0@7" in caplog.text


@pytest.mark.parametrize("depth", [300, 900])
def test_a_record_that_is_nested_too_deeply_is_left_out(caplog, depth):
    """Also where its NUL would have to be replaced first."""
    assert read(record(b'{"\\u0000":' * depth + b"1" + b"}" * depth), {TOPIC: 1}) is None
    assert "left out autoheal.tasks/0@7" in caplog.text
