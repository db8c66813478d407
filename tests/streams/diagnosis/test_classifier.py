"""One diagnosis for every failure: the cause that finally made it fail (S2)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.categories import CATEGORIES
from events.secrets import mask
from streams.diagnosis import Classifier, Rule, default_classifier, packaged_rules

TRACEBACK = """Traceback (most recent call last):
  File "/srv/task/{file}", line 3, in <module>
    {source}
{error}
"""


def traceback(error, source="main()", file="job.py"):
    """Return what Python prints when an exception is not caught."""
    return TRACEBACK.format(error=error, source=source, file=file)


def chained(root, last, joint="The above exception was the direct cause of the following exception:"):
    """Return the traceback of an exception raised from another."""
    return f"{traceback(root)}\n{joint}\n\n{traceback(last)}"


def diagnose(output, **ended):
    """Return the diagnosis of an output by the packaged rules."""
    return default_classifier().classify(output, **ended)


FINAL_CAUSES = {
    "a traceback whose root is HTTP 429": (
        chained("openai.RateLimitError: Error code: 429 - too many tokens", "RuntimeError: step crashed"),
        "provider_error",
        "rate_limit",
    ),
    "a read time-out wrapped by the application": (
        chained("requests.exceptions.ReadTimeout: Read timed out. (read timeout=1)", "SyncError: no catalogue"),
        "timeout",
        "read_timeout",
    ),
    "an assertion whose diff mentions a timeout": (
        "E       AssertionError: assert {'timeout': 60} == {'timeout': 30}\nE         {'timeout': 60} != 30",
        "validation_failure",
        "assertion",
    ),
    "a clock that says why it kills, before a guess at the reason": (
        "[CRITICAL] WORKER TIMEOUT (pid:12)\n[ERROR] Worker (pid:12) was sent SIGKILL! Perhaps out of memory?",
        "timeout",
        "deadline",
    ),
    "an assertion about how long a call may take": (
        "AssertionFailedError: execution exceeded timeout of 100 ms by 412 ms",
        "timeout",
        "test_timeout",
    ),
    "a lint that was told to be an error, before the build stops": (
        "error: unneeded `return`\n  = note: `-D clippy::x` implied by `-D warnings`\nerror: could not compile",
        "validation_failure",
        "lint",
    ),
    "nothing but the names of files to format": ("main.go\nlimits/quota.go\n", "validation_failure", "format"),
    "a recovered 429 before a segfault": (
        "WARN client: 429 Too Many Requests, retrying in 1s (1/5)\nrun.sh: line 1:  33 Segmentation fault  ./a",
        "executor_crash",
        "segfault",
    ),
    "a recovered segfault before a used-up quota": (
        "a.sh: line 1:  41 Segmentation fault      ./index\n[agent] indexer died, restarting it\n[agent] indexer ok\n"
        + traceback("openai.RateLimitError: Error code: 429 - You exceeded your current quota, insufficient_quota"),
        "provider_error",
        "quota",
    ),
    "a bug whose message names the words of others": (
        traceback("KeyError: 'rate_limit timed out'", source='limit = settings["rate_limit timed out"]'),
        "executor_crash",
        "unhandled_exception",
    ),
    "a source line that names an exception it did not raise": (
        traceback("KeyError: 'x'", source='raise TimeoutError("request timed out")'),
        "executor_crash",
        "unhandled_exception",
    ),
    "a compiler that quotes code about limits": (
        "limiter.c:4:10: error: 'struct limiter' has no member named 'quota'\n    4 |   if (l->timeout) return 429;",
        "executor_crash",
        "compile_error",
    ),
    "a linter that quotes code about limits": (
        "src/poll.js\n  1:28  error  'setTimeout' is not defined  no-undef\n\n✖ 1 problem (1 error, 0 warnings)",
        "validation_failure",
        "lint",
    ),
    "a test named after time-outs": (
        "--- FAIL: TestRequestTimedOut (0.00s)\n    a_test.go:3: got 60, want 30\nFAIL",
        "validation_failure",
        "assertion",
    ),
    "a test that ran out of time": (
        "FAILED test_sync.py::test_waits - Failed: Timeout (>1.0s) from pytest-timeout.\n1 failed, 1 passed in 1.9s",
        "timeout",
        "test_timeout",
    ),
    "a test that cannot be imported": (
        "ERROR collecting test_a.py\nE   ModuleNotFoundError: No module named 'timeouts'\n1 error in 0.1s",
        "executor_crash",
        "missing_dependency",
    ),
    "a refused connection": (
        "curl: (7) Failed to connect to api.host port 443: Connection refused",
        "provider_error",
        "network",
    ),
    "a name that does not resolve": ("curl: (6) Could not resolve host: api.host", "provider_error", "dns"),
    "a certificate that nobody vouches for": (
        "curl: (60) SSL certificate problem: self-signed certificate",
        "provider_error",
        "tls",
    ),
    "a pool without a free connection": (
        "sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 reached, connection timed out, timeout 30.00",
        "timeout",
        "pool_timeout",
    ),
    "a statement over its limit": (
        "ERROR:  canceling statement due to statement timeout",
        "timeout",
        "statement_timeout",
    ),
    "a refusal sent with HTTP 200": (
        "{'error': {'code': 'insufficient_quota', 'message': 'You have run out of credits'}}",
        "provider_error",
        "quota",
    ),
    "a gate on coverage": (
        "FAIL Required test coverage of 90% not reached. Total: 44%",
        "validation_failure",
        "coverage",
    ),
    "a merge that conflicts": ("CONFLICT (content): Merge conflict in a.py", "validation_failure", "merge_conflict"),
    "a full disk": ("cp: error writing 'x': No space left on device", "executor_crash", "disk_full"),
    "a comparison that shows the answer it got": (
        "E       AssertionError: assert 429 == 200\nE        +  where 429 = <Response [429 Too Many Requests]>.status",
        "validation_failure",
        "assertion",
    ),
    "a fixture that breaks before its test can judge": (
        "E   KeyError: 'timeout'\n\ntest_a.py:3: KeyError\n=== summary ===\nERROR test_a.py::test_x\n1 error",
        "executor_crash",
        "unhandled_exception",
    ),
    "a tool called with what it does not take": (
        'invalid value "soon" for flag -timeout: parse error\nUsage of sync:\n  -timeout duration',
        "executor_crash",
        "script_error",
    ),
    "bytes that are not what they should be": (
        "gzip: stdin: unexpected end of file\ntar: Unexpected EOF in archive",
        "executor_crash",
        "corrupt_input",
    ),
    "an error in words of no known family": (
        "Error: the ledger of 2019 was closed twice",
        "executor_crash",
        "tool_error",
    ),
    "an operator who says no more": ("unit builder-3: stopped by operator", "unknown", "stopped"),
}

NOTHING_SAID = {
    "settings": "timeout=600 retries=5 rate_limit=40/min quota=unlimited",
    "success": "step fetch finished, exit code 0\n12 passed, 0 failed, 0 errors",
    "information": "2026-11-22 10:00:00 INFO client: connection refused, using the cache",
    "a conversation": "assistant: I'll add a timeout parameter and handle 429 responses.",
    "a catch-all": "Something went wrong. Please contact your administrator.",
    "a mention of limits": "checking for a rate limit section",
    "a bare exit code": "ERROR: script returned exit code 1",
    "an error its teller does not know": "Error: an unexpected error occurred.",
    "a bare consequence": "make: *** [Makefile:2: publish] Error 1",
}


@pytest.mark.parametrize(("output", "category", "reason"), FINAL_CAUSES.values(), ids=FINAL_CAUSES)
def test_the_cause_that_finally_failed_the_task_is_its_label(output, category, reason):
    """Neither quoted words nor recovered errors decide."""
    found = diagnose(output, exit_code=1)
    assert (found.category, found.reason) == (category, reason)


@pytest.mark.parametrize("output", NOTHING_SAID.values(), ids=NOTHING_SAID)
def test_output_without_a_cause_stays_unknown(output):
    """Words that only occur are no cause, and the last line is the summary."""
    found = diagnose(output, exit_code=1)
    assert (found.category, found.summary) == ("unknown", output.splitlines()[-1])


@pytest.mark.parametrize("output", [None, "", " \r\n\t", "\x00\x1b[31m\x1b[0m"])
def test_nothing_to_go_by_is_said_so(output):
    """Blank output and an exit code of no meaning leave nothing."""
    found = diagnose(output, exit_code=1)
    assert (found.category, found.summary, found.evidence) == ("unknown", "No diagnostics provided", ())


@pytest.mark.parametrize(
    ("ended", "category", "summary"),
    [
        ({"exit_code": 124}, "timeout", "exit code 124, no output"),
        ({"exit_code": 137}, "executor_crash", "exit code 137, no output"),
        ({"exit_code": -9}, "executor_crash", "exit code -9, no output"),
        ({"exit_code": 127}, "executor_crash", "exit code 127, no output"),
        ({"signal": "KILL"}, "executor_crash", "signal SIGKILL, no output"),
        ({"signal": 14}, "timeout", "signal SIGALRM, no output"),
        ({"signal": "15"}, "unknown", "signal SIGTERM, no output"),
    ],
)
def test_the_way_to_end_speaks_without_output(ended, category, summary):
    """An exit code or a signal is a summary by itself, and evidence."""
    found = diagnose("", **ended)
    assert (found.category, found.summary) == (category, summary)
    assert [evidence.rule for evidence in found.evidence] == ["exit-status"]


def test_a_telling_exit_code_keeps_the_last_output_in_sight():
    """Where the code decides, the summary shows how far the task came."""
    assert diagnose("shard 7 written\n", exit_code=124).summary == "exit code 124, last output: shard 7 written"


def test_a_supervisor_s_deadline_outweighs_the_signal_it_sends():
    """SIGKILL by a time limit is a timeout."""
    assert diagnose("timeout: sending signal KILL to command 'bash'", signal=9).category == "timeout"


@pytest.mark.parametrize("bug", [True, False], ids=["a bug of the handler", "a wrapper"])
def test_what_a_handler_ran_into_decides_only_if_it_is_a_bug(bug):
    """An exception raised while another was handled hides it when it is a bug, and only wraps it otherwise."""
    joint = "During handling of the above exception, another exception occurred:"
    last = "NameError: name 'retry_policy' is not defined" if bug else "RuntimeError: step failed"
    assert diagnose(chained("TimeoutError: timed out", last, joint)).category == (
        "executor_crash" if bug else "timeout"
    )


def test_a_cause_in_words_outweighs_an_abort_that_follows_from_it():
    """Runtimes that abort on an unhandled exception have said why."""
    output = "Unhandled exception. System.TimeoutException: The operation has timed out.\n   at Program.Main()"
    assert diagnose(output, exit_code=134).category == "timeout"


def test_the_summary_is_the_line_that_says_it_best():
    """Of a long output one line is the summary, white space folded, at most 500 characters."""
    output = traceback("ValueError:   plan has\tno stages " + "x" * 900) + "\n"
    assert diagnose(output).summary == ("ValueError: plan has no stages " + "x" * 900)[:500]


def test_where_work_is_judged_a_finding_counts_more():
    """The phase tips the balance between a finding and a broken tool."""
    rules = [
        Rule(name="tool", pattern="wrong", category="executor_crash", reason="tool", strength=2.0),
        Rule(name="finding", pattern="wrong", category="validation_failure", reason="lint", strength=1.95),
    ]
    found = [Classifier(rules).classify("wrong", task_type=phase).category for phase in (None, "test")]
    assert found == ["executor_crash", "validation_failure"]


def test_secrets_in_summary_and_evidence_are_masked():
    """A secret beside the cause is not shown, even where a match begins inside of it."""
    rule = Rule(name="inside", pattern="hunter2 refused", category="provider_error", reason="auth")
    found = Classifier([*packaged_rules(), rule]).classify("login with password=hunter2 refused: 401 Unauthorized")
    assert "hunter2" not in found.summary + "".join(evidence.text for evidence in found.evidence)
    assert found.category == "provider_error"


def test_the_end_of_a_private_key_is_not_a_summary():
    """The last line of an output may be the last of a key."""
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\nq83vEjRWeJA=="
    assert "q83v" not in diagnose(f"deploying\n{key}", exit_code=1).summary


def test_no_rules_leave_every_output_unknown():
    """A classifier without rules still answers."""
    assert Classifier([]).classify("Segmentation fault").category == "unknown"


def test_a_user_s_rule_speaks_beside_the_packaged_ones():
    """Four fields are enough for a rule that decides, in any alphabet."""
    rule = Rule(
        name="ours", pattern="Kontingent (?:überschritten|aufgebraucht) 超過", category="provider_error", reason="quota"
    )
    found = Classifier([*packaged_rules(), rule]).classify("Fehler: Kontingent überschritten 超過")
    assert (found.category, found.reason, found.evidence[0].rule) == ("provider_error", "quota", "ours")
    assert found.evidence[0].text == "Kontingent überschritten 超過"


FRAGMENTS = [output for output, _, _ in FINAL_CAUSES.values()] + list(NOTHING_SAID.values())
NOISE = st.text(alphabet=st.characters(), max_size=40) | st.sampled_from(
    ["\x1b[31m", "\x1b]0;t\x07", "\r", "\0", "\ud800", "é漢😀"]
)
OUTPUTS = st.lists(st.sampled_from(FRAGMENTS) | NOISE, max_size=8).map("".join)
ENDS = st.none() | st.integers(-300, 300) | st.sampled_from([0xC0000005, 2**31, -(2**40)])
SIGNALS = st.none() | st.sampled_from(["SIGKILL", "kill", "9", 9, "", "SIGNOSUCH", "-11", "0"]) | st.text(max_size=8)


@given(OUTPUTS, ENDS, SIGNALS)
@settings(deadline=None)
def test_any_failure_has_one_diagnosis(output, exit_code, signal):
    """No text, code or signal raises, and the same failure is diagnosed the same."""
    found = diagnose(output, exit_code=exit_code, signal=signal)
    assert found == diagnose(output, exit_code=exit_code, signal=signal)
    assert found.category in CATEGORIES
    assert 0 < len(found.summary) <= 500
    assert 0 <= found.confidence <= 1


@given(OUTPUTS)
@settings(deadline=None)
def test_evidence_lies_in_the_output_as_it_was(output):
    """Spans are characters of the original, whatever was stripped for matching."""
    for evidence in diagnose(output).evidence:
        assert 0 <= evidence.start < evidence.end <= len(output)
        assert evidence.text in (mask(output[evidence.start : evidence.end]), "***")
