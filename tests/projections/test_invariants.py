"""What holds for any events, in any order, however often and in whatever batches they come."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events import CATEGORIES, TaskStarted
from projections.fold import MAX_BATCH
from projections.stats import auto_heal_stats, diagnostics_completeness
from projections.tables import failures_hourly, metadata, projection_offsets
from tests.examples import after, failed, made
from tests.projections.given import concluded, dead_lettered, diagnosed, fold, redriven, requested, rows, suppressed

# `tables_of` begins anew at each call, so examples do not meet in the database that they share.
EXAMPLES = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SUMMARIES = ("", "No diagnostics provided", "429 from the provider")


@st.composite
def stories(draw):
    """All that the worker says about a few failures, in the order in which it happened."""
    events = []
    for i in range(draw(st.integers(1, 6))):
        said = {"error_category": draw(st.sampled_from(CATEGORIES)), "error_summary": draw(st.sampled_from(SUMMARIES))}
        at, heal = draw(st.integers(0, 3 * 3600)), f"heal_{i}"
        decision = [[], [suppressed(f"f{i}", at, **said)], [requested(f"f{i}", at, heal, **said)]]
        outcomes = [[], *([concluded(each, heal)] for each in ("succeeded", "failed", "expired"))]
        lives = [[], [failed(at, id=f"f{i}", task_id=f"t{i}")], [made(TaskStarted, at - 1, task_id=f"t{i}")]]
        events += [
            *draw(st.sampled_from(lives)),
            diagnosed(f"f{i}", at, **said),
            *draw(st.sampled_from(decision)),
            *draw(st.sampled_from(outcomes)),
        ]
    refused = dead_lettered()
    return [*events, diagnosed("of a heal", task_type="heal"), refused, redriven(refused.id), redriven(refused.id, 90)]


@given(data=st.data(), story=stories())
@settings(EXAMPLES, max_examples=75)
def test_order_copies_and_batches_change_nothing(tables_of, data, story):
    """Any interleaving, repetition and division into batches gives the same tables and the same answers."""
    expected = _state(tables_of(*story))
    copies = data.draw(st.lists(st.sampled_from(story), max_size=10))
    shuffled = data.draw(st.permutations(story + copies))
    engine = tables_of()
    while shuffled:
        size = data.draw(st.integers(1, len(shuffled)))
        fold(engine, shuffled[:size])
        shuffled = shuffled[size:]

    assert _state(engine) == expected


@given(story=stories(), hour=st.integers(0, 3))
@settings(EXAMPLES, max_examples=50)
def test_the_roll_ups_are_the_failures(tables_of, story, hour):
    """The hourly roll-ups add up to the statistics of the failures from that hour on."""
    engine = tables_of(*story)
    since = after(hour * 3600)
    hours = [row for row in rows(engine, failures_hourly) if row["hour"] >= since]
    for category, counts in auto_heal_stats(engine, since=since).by_category.items():
        of_category = [row for row in hours if row["error_category"] == category]
        assert counts.model_dump() == {
            name: sum(row[name] for row in of_category) for name in ("failed", "healed", "suppressed")
        }


def test_more_than_a_batch_at_once(tables_of):
    """Events beyond what one statement takes are folded all the same, also behind a batch that leaves no rows."""
    heals_own = [diagnosed("of a heal", task_type="heal")] * (MAX_BATCH + 1)
    many = [diagnosed(f"f{i}") for i in range(MAX_BATCH + 1)]
    assert auto_heal_stats(tables_of(*heals_own, *many)).total_failed == MAX_BATCH + 1


def _state(engine):
    tables = [rows(engine, table) for table in metadata.sorted_tables if table is not projection_offsets]
    return tables, auto_heal_stats(engine), diagnostics_completeness(engine)
