"""What an exit code or a signal says by itself (S2)."""

from dataclasses import dataclass
from signal import Signals

from events.categories import Category

# The strength is on the scale of rules: a killer's own words outweigh a SIGKILL, nothing outweighs exit 124.
_CODES: dict[int, tuple[Category, str, float]] = {
    124: ("timeout", "deadline", 3.0),
    126: ("executor_crash", "permission", 2.4),
    127: ("executor_crash", "missing_dependency", 2.4),
}
_SIGNALS: dict[str, tuple[Category, str, float]] = {
    "SIGKILL": ("executor_crash", "killed", 2.0),
    "SIGSEGV": ("executor_crash", "segfault", 3.0),
    "SIGABRT": ("executor_crash", "abort", 2.2),
    "SIGBUS": ("executor_crash", "segfault", 3.0),
    "SIGILL": ("executor_crash", "killed", 3.0),
    "SIGFPE": ("executor_crash", "killed", 3.0),
    "SIGTRAP": ("executor_crash", "killed", 3.0),
    "SIGPIPE": ("executor_crash", "resources", 2.0),
    "SIGXFSZ": ("executor_crash", "disk_full", 3.0),
    "SIGALRM": ("timeout", "deadline", 3.0),
    "SIGXCPU": ("timeout", "deadline", 3.0),
    # Somebody asked it to stop; who, and why, is not in the signal.
    "SIGTERM": ("unknown", "stopped", 1.0),
    "SIGINT": ("unknown", "stopped", 1.0),
    "SIGHUP": ("unknown", "stopped", 1.0),
}
# NTSTATUS codes as unsigned 32-bit numbers.
_WINDOWS: dict[int, str] = {
    0xC0000005: "SIGSEGV",
    0xC00000FD: "SIGSEGV",
    0xC0000409: "SIGABRT",
    0xC000013A: "SIGINT",
}
_SIGNAL_BASE = 128
_HIGHEST_SIGNAL = 64


@dataclass(slots=True, frozen=True)
class ExitStatus:
    """A way to end that speaks without output."""

    category: Category
    reason: str
    strength: float
    words: str


def read_exit_status(exit_code: int | None, signal: str | int | None) -> ExitStatus | None:
    """What the end of the process says, or None when it says nothing (0, 1, any code of the tool's own).

    Args:
        exit_code: As the shell (128 + n) or Python's subprocess (-n) reports it.
        signal: A name with or without ``SIG``, or a number, as text or not.
    """
    name = _signal_name(signal)
    if name:
        return _from_signal(name, f"signal {name}")
    if exit_code is None:
        return None
    words = f"exit code {exit_code}"
    if exit_code in _CODES:
        return ExitStatus(*_CODES[exit_code], words)
    name = _WINDOWS.get(exit_code & 0xFFFFFFFF) or _name_of(_signal_number(exit_code))
    return _from_signal(name, words) if name else None


def _from_signal(name: str, words: str) -> ExitStatus | None:
    known = _SIGNALS.get(name)
    return ExitStatus(*known, words) if known else None


def _signal_number(exit_code: int) -> int:
    return -exit_code if exit_code < 0 else exit_code - _SIGNAL_BASE


def _signal_name(signal: str | int | None) -> str | None:
    if signal is None or signal == "":
        return None
    text = str(signal).strip().upper()
    if text.removeprefix("-").isdecimal():
        return _name_of(abs(int(text)) % _SIGNAL_BASE) if len(text) <= len("-128") else None
    return text if text.startswith("SIG") else f"SIG{text}"


def _name_of(number: int) -> str | None:
    if not 0 < number <= _HIGHEST_SIGNAL:
        return None
    try:
        return Signals(number).name
    except ValueError:
        return None
