"""What the real agents derive from failures, folded: the tables agree with the failures that went in."""

import json
from pathlib import Path

from events import TaskFailed, decode, encode
from projections.stats import auto_heal_stats, diagnostics_completeness
from projections.tables import dead_letters, failures, heals, suppressions
from streams.replay import Replay
from tests.examples import failed
from tests.projections.given import rows
from tests.streams.scenario import packaged

OUTPUTS = Path(__file__).parents[1] / "data" / "failures.jsonl"


def test_every_failure_is_counted_once_with_its_decision(tables_of):
    """Failures of real tools, one every two minutes: each is counted, and healed or suppressed, per category."""
    went_in = _real_failures()
    engine = tables_of(*_derived(went_in))
    stats = auto_heal_stats(engine)

    assert {failure["failure_id"] for failure in rows(engine, failures)} == {event.id for event in went_in}
    assert stats.total_failed == len(went_in)
    assert all(counts.failed == counts.healed + counts.suppressed for counts in stats.by_category.values())
    assert stats.heals_created == len(rows(engine, heals)) > 0
    assert sum(stats.suppressed_by_reason.values()) == len(rows(engine, suppressions)) > 0


def test_a_decision_has_the_time_of_its_failure(tables_of):
    """A decision's log time is its failure's, which is what windows of outcomes rely on."""
    engine = tables_of(*_derived(_real_failures()))
    failed_at = {failure["failure_id"]: failure["diagnosed_at"] for failure in rows(engine, failures)}
    assert all(heal["requested_at"] == failed_at[heal["failure_id"]] for heal in rows(engine, heals))
    assert all(each["suppressed_at"] == failed_at[each["failure_id"]] for each in rows(engine, suppressions))


def test_a_failing_heal_task_is_not_counted(tables_of):
    """The failure of a heal task is diagnosed and changes no total."""
    went_in = [failed(id="task"), failed(10, id="heal", task_id="heal_1", task_type="heal")]
    assert auto_heal_stats(tables_of(*_derived(went_in))).total_failed == 1


def test_a_failure_without_a_word_is_missing_its_diagnostics(tables_of):
    """A failure that says nothing is counted as failed and as not explained."""
    nothing = failed(id="mute", error_category=None, error_summary=None)
    completeness = diagnostics_completeness(tables_of(*_derived([nothing, failed(10, id="said")])))
    assert (completeness.total_failed, completeness.with_diagnostics) == (2, 1)


def test_a_refused_record_is_a_dead_letter(tables_of):
    """A record that is no event is kept with its coordinate."""
    derived = [decode(line) for line in Replay(packaged()).feed(b"no JSON")]
    (letter,) = rows(tables_of(*derived), dead_letters)
    assert (letter["record_topic"], letter["raw"]) == ("autoheal.tasks", "no JSON")


def _real_failures() -> list[TaskFailed]:
    outputs = [json.loads(line)["output"] for line in OUTPUTS.read_text().splitlines()]
    return [
        failed(120 * i, id=f"failure_{i}", task_id=f"task_{i}", output=output, error_category=None, error_summary=None)
        for i, output in enumerate(outputs)
    ]


def _derived(events) -> list:
    replay = Replay(packaged())
    return [decode(line) for event in events for line in replay.feed(encode(event))]
