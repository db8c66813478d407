"""The replay driver: a recorded log in, what follows from it out."""

import orjson
import pytest

from events import HealRequested, RecordDeadLettered, RefusedEventError, decode, encode
from streams.replay import Replay
from tests.examples import NOON, OTHER_TASK, failed
from tests.streams.scenario import packaged


@pytest.fixture
def replay():
    """A replay of the packaged policy, with an empty log."""
    return Replay(packaged())


def line(event, **attributes):
    """Return an event as a line, with top-level attributes changed."""
    return orjson.dumps(orjson.loads(encode(event)) | attributes)


def types(lines):
    """Return the nouns and verbs of derived events."""
    return [decode(raw).type.removeprefix("autoheal.").removesuffix(".v1") for raw in lines]


def test_everything_that_follows_comes_out_in_order(replay):
    """The diagnosis, then the decision."""
    assert types(replay.feed(line(failed()))) == ["failure.diagnosed", "heal.requested"]


def test_the_log_time_of_a_line_can_be_told(replay):
    """`_at` overrides the producer's own time."""
    (_, heal) = map(decode, replay.feed(line(failed(5), _at="2026-11-22T12:00:00Z")))
    assert isinstance(heal, HealRequested)
    assert heal.time == NOON


def test_a_line_without_a_time_happens_at_that_of_the_line_before(replay):
    """A producer need not send a time."""
    replay.feed(line(failed(100)))
    event = orjson.loads(line(failed(task_id=OTHER_TASK)))
    del event["time"]
    (_, suppressed) = map(decode, replay.feed(orjson.dumps(event)))
    assert (suppressed.time - NOON).total_seconds() == 100


def test_a_line_that_is_no_event_is_a_dead_letter(replay):
    """As in a live run, and the next line goes on."""
    (letter,) = map(decode, replay.feed(b"{oops"))
    assert isinstance(letter, RecordDeadLettered)
    assert types(replay.feed(line(failed()))) == ["failure.diagnosed", "heal.requested"]


def test_a_log_time_that_is_none_is_refused(replay):
    """The message names the attribute."""
    with pytest.raises(RefusedEventError, match="_at: Input should be"):
        replay.feed(line(failed(), _at="noon"))
