"""`autoheal classify`."""

import json

import pytest

from tests.autoheal.conftest import finish
from tests.examples import RATE_LIMITED, TRACEBACK

RULE = """
[[rules]]
name = "gateway"
pattern = "gateway: too many calls"
category = "provider_error"
reason = "ours"
"""


@pytest.fixture
def log(tmp_path):
    """A file with the output of a failed command."""
    path = tmp_path / "build.log"
    path.write_text(RATE_LIMITED)
    return path


def test_it_diagnoses_a_file(run, log):
    """The diagnosis is one JSON object in a pipe, and its evidence lies in the output."""
    result = run("classify", log, "--exit-code", 1)
    diagnosis = json.loads(result.out)
    assert result.code == 0
    assert list(diagnosis) == ["category", "summary", "reason", "evidence", "confidence"]
    assert diagnosis["category"] == "provider_error"
    assert all(RATE_LIMITED[span["start"] : span["end"]] == span["text"] for span in diagnosis["evidence"])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [(["--exit-code", "124"], "deadline"), (["--signal", "SIGSEGV"], "segfault"), ([], "unknown")],
)
def test_the_end_of_a_process_speaks_by_itself(run, arguments, reason):
    """An exit code or a signal needs no output."""
    assert json.loads(run("classify", "/dev/null", *arguments).out)["reason"] == reason


def test_it_marks_the_evidence_on_a_terminal(command, log):
    """In its place in the output, which is shown whole."""
    out = finish(command("classify", log, FORCE_COLOR="1", TERM="xterm")).out
    assert "provider_error" in out
    assert "\x1b[1;7;35m" in out
    assert "for url: http://api.test/v1" in out


def test_each_line_has_its_answer(command):
    """In the same order, with an error in the place of a line that cannot be read."""
    lines = [
        json.dumps({"output": TRACEBACK, "exit_code": 1}),
        "{oops",
        "",
        json.dumps({"output": RATE_LIMITED, "exit_code": "one"}),
        json.dumps({"signal": 11}),
    ]
    result = finish(command("classify", "--jsonl"), "\n".join(lines).encode())
    first, *wrong, last = map(json.loads, result.out.splitlines())
    assert result.code == 1
    assert (first["category"], last["reason"]) == ("executor_crash", "segfault")
    assert [list(answer) for answer in wrong] == [["error"]] * 3
    assert [line.split(":")[0] for line in result.err.splitlines()] == ["line 2", "line 3", "line 4"]
    assert "line 4: exit_code: Input should be a valid integer" in result.err


def test_a_rule_of_the_policy_speaks_too(run, tmp_path, monkeypatch):
    """Beside the packaged ones."""
    (tmp_path / "policy.toml").write_text(RULE)
    (tmp_path / "log").write_text("gateway: too many calls")
    monkeypatch.setenv("AUTOHEAL_POLICY", "policy.toml")
    assert json.loads(run("classify", "log").out)["reason"] == "ours"
