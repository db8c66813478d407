"""Worker, projector, emit, heals and stats: a failure goes in by one command and its heal comes out of another."""

import json
import signal
import time

import pytest

from events import encode
from projections.database import open_database
from projections.tables import projection_offsets
from tests.autoheal.conftest import finish
from tests.examples import OTHER_TASK, failed

EVENTS = [failed(id="a"), failed(1, id="b", task_id=OTHER_TASK)]


@pytest.fixture
def running(command, installation):
    """A worker and a projector."""
    programs = {name: command(name, **installation) for name in ("worker", "projector")}
    yield programs
    for program in programs.values():
        program.kill()


@pytest.fixture
def emitted(running, command, installation):
    """Two failures of one kind, published."""
    return finish(command("emit", "-", **installation), b"\n".join(map(encode, EVENTS)))


def heals(command, installation, count):
    """Return the first decisions of those that are followed."""
    follower = command("heals", "--follow", **installation)
    found = [json.loads(follower.stdout.readline()) for _ in range(count)]
    follower.send_signal(signal.SIGINT)
    assert follower.wait(timeout=30) == 130
    assert follower.stderr.read() == b""
    return found


def test_a_failure_goes_in_and_a_heal_comes_out(emitted, running, command, installation):
    """One is healed, the other cools down; the statistics add up, and both programs stop in order."""
    decisions = heals(command, installation, 2)
    assert {decision["data"]["failure_id"] for decision in decisions} == {"a", "b"}
    assert sorted(decision["type"] for decision in decisions) == [
        "autoheal.heal.requested.v1",
        "autoheal.heal.suppressed.v1",
    ]
    listed = finish(command("heals", **installation))
    assert sorted(json.loads(line)["id"] for line in listed.out.splitlines()) == sorted(one["id"] for one in decisions)
    assert stats_of(command, installation, failures=2)["by_category"]["provider_error"] == {
        "failed": 2,
        "healed": 1,
        "suppressed": 1,
    }
    for program in running.values():
        program.send_signal(signal.SIGTERM)
    assert {name: program.wait(timeout=30) for name, program in running.items()} == {"worker": 0, "projector": 0}


def stats_of(command, installation, failures):
    """Return the statistics once they count so many failures with their decisions."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        stats = json.loads(finish(command("stats", **installation)).out)["auto_heal"]
        decided = stats["heals_created"] + sum(stats["suppressed_by_reason"].values())
        if stats["total_failed"] == decided == failures:
            return stats
    raise AssertionError(f"the statistics did not get there: {stats}")


def test_the_logs_of_a_program_are_json_in_a_pipe(running):
    """Each line says what happened, when and how grave it is."""
    line = json.loads(running["projector"].stderr.readline())
    assert {"event", "level", "timestamp"} <= line.keys()


def test_heals_of_an_empty_log_end(command, installation):
    """Without --follow there is nothing to wait for."""
    result = finish(command("heals", **installation))
    assert (result.code, result.out, result.err) == (0, "", "")


def test_topics_are_created_once(command, installation):
    """The second time they were there, and another number of partitions is refused with what to do."""
    first, second = (finish(command("topics", "create", **installation)) for _ in range(2))
    assert {json.loads(line)["created"] for line in first.out.splitlines()} == {True}
    assert {json.loads(line)["created"] for line in second.out.splitlines()} == {False}
    refused = finish(command("topics", "create", **installation, AUTOHEAL_PARTITIONS="3"))
    assert refused.code == 2
    assert "set AUTOHEAL_PARTITIONS=4" in refused.err


def test_a_projector_without_a_database_says_so(command, installation):
    """The line names the database and what to do."""
    missing = installation | {"AUTOHEAL_DATABASE_URL": "sqlite:////nowhere/autoheal.db"}
    refused = finish(command("projector", **missing))
    assert refused.code == 3
    assert "the database sqlite:////nowhere/autoheal.db cannot be used" in refused.err.splitlines()[-1]


def test_a_database_of_another_log_is_refused(command, installation):
    """A projector whose tables are ahead of the log says what to do, and does not go on."""
    engine = open_database(installation["AUTOHEAL_DATABASE_URL"])
    ahead = {"topic": f"{installation['AUTOHEAL_TOPIC_PREFIX']}.heals", "partition": 0, "next_offset": 7}
    with engine.begin() as connection:
        connection.execute(projection_offsets.insert(), ahead)
    refused = finish(command("projector", **installation))
    assert refused.code == 2
    assert "has no offset 7, where this database goes on" in refused.err.splitlines()[-1]
