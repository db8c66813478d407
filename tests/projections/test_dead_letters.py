"""`dead_letters`: what could not be processed, why, and when it was sent back."""

from projections.tables import dead_letters
from tests.examples import IDEA, NOON, after
from tests.projections.given import dead_lettered, redriven, row


def test_a_dead_letter_is_a_row(tables_of):
    """A refused record is a row with its coordinate, its bytes as text and the reason."""
    refused = dead_lettered()
    assert row(tables_of(refused, refused), dead_letters) == {
        "event_id": refused.id,
        "dead_lettered_at": NOON,
        "agent": "work",
        "record_topic": "autoheal.tasks",
        "record_partition": 3,
        "record_offset": 10,
        "record_key": IDEA,
        "reason": "data.task_id: Field required",
        "raw": "{}",
        "raw_truncated": False,
        "traceback": None,
        "redriven_at": None,
    }


def test_nul_in_a_refused_record_is_replaced(tables_of):
    """Bytes that no database takes as text do not keep the record out of the table."""
    assert row(tables_of(dead_lettered(raw="a\0b")), dead_letters)["raw"] == "a\ufffdb"


def test_the_last_time_it_was_sent_back_counts(tables_of):
    """A record that was sent back twice says when that was last, also when the dead letter comes after that."""
    refused = dead_lettered()
    again = [redriven(refused.id, at=each) for each in (60, 3600, 120)]
    assert row(tables_of(*again[:2], refused, again[2]), dead_letters)["redriven_at"] == after(3600)
