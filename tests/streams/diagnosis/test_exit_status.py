"""What an exit code or a signal says by itself (S2)."""

import pytest

from streams.diagnosis.exit_status import read_exit_status


@pytest.mark.parametrize("signal", ["SIGKILL", "KILL", "sigkill", "9", 9, "-9", -9, 137])
def test_a_signal_is_known_by_any_of_its_names(signal):
    """Names with and without SIG and numbers of either sign mean the same."""
    assert read_exit_status(None, signal).reason == "killed"


@pytest.mark.parametrize(
    ("exit_code", "category", "reason"),
    [
        (124, "timeout", "deadline"),
        (142, "timeout", "deadline"),
        (126, "executor_crash", "permission"),
        (127, "executor_crash", "missing_dependency"),
        (134, "executor_crash", "abort"),
        (137, "executor_crash", "killed"),
        (139, "executor_crash", "segfault"),
        (-11, "executor_crash", "segfault"),
        (3221225477, "executor_crash", "segfault"),
        (-1073741819, "executor_crash", "segfault"),
        (143, "unknown", "stopped"),
        (130, "unknown", "stopped"),
    ],
)
def test_an_exit_code_of_a_shell_speaks(exit_code, category, reason):
    """Codes of timeout(1), of shells, of signals and of Windows are told apart."""
    status = read_exit_status(exit_code, None)
    assert (status.category, status.reason) == (category, reason)


@pytest.mark.parametrize(
    ("exit_code", "signal"), [(None, None), (0, None), (1, ""), (2, "SIGNOSUCH"), (255, None), (200, "0")]
)
def test_other_codes_say_nothing(exit_code, signal):
    """Success and a tool's own codes are no evidence."""
    assert read_exit_status(exit_code, signal) is None
