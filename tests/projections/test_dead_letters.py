"""`dead_letters`: what could not be processed, and why."""

from projections.tables import dead_letters
from tests.examples import IDEA, NOON
from tests.projections.given import dead_lettered, row


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
