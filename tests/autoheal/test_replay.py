"""`autoheal replay`."""

import json

import pytest

from events import encode
from tests.autoheal.conftest import finish
from tests.examples import OTHER_TASK, failed

RECORDED = [
    encode(failed(id="a")),
    b'{"id": "no task", "source": "/ci", "type": "autoheal.task.failed.v1", "data": {}}',
    encode(failed(60, id="b", task_id=OTHER_TASK)),
]


@pytest.fixture
def recorded(tmp_path):
    """A file of recorded events, a blank line and no last line break included."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n\n".join(RECORDED))
    return path


def kinds(out):
    """Return the nouns and verbs of the events that were printed."""
    return [json.loads(line)["type"].split(".", 1)[1].removesuffix(".v1") for line in out.splitlines()]


def test_it_prints_what_follows(run, recorded):
    """Every derived event in order; a refused line is named on stderr, and those after it count."""
    result = run("replay", recorded)
    assert kinds(result.out) == [
        "failure.diagnosed", "heal.requested",
        "record.dead_lettered",
        "failure.diagnosed", "heal.suppressed",
    ]  # fmt: skip
    assert result.code == 1
    assert result.err == "line 3: data.task_id: Field required\n"


def test_it_prints_the_same_bytes_again(run, recorded, command):
    """From a file as from a pipe, in another process."""
    again = finish(command("replay", "-", PYTHONHASHSEED="7"), recorded.read_bytes())
    assert again.out == run("replay", recorded).out


def test_another_policy_decides_otherwise(run, recorded, tmp_path):
    """It is the backtest of a policy."""
    policy = tmp_path / "policy.toml"
    policy.write_text("[strategies.provider_error]\ncooldown_seconds = 60\n")
    assert kinds(run("replay", recorded, "--policy", policy).out).count("heal.requested") == 2


def test_a_log_time_that_is_none_is_refused(run, tmp_path):
    """With the number of its line."""
    (tmp_path / "events.jsonl").write_bytes(encode(failed()).replace(b'"specversion"', b'"_at":"noon","specversion"'))
    result = run("replay", "events.jsonl")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("line 1: _at: ")
