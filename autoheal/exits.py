"""What the exit code of a command says."""

from typing import Final

DONE: Final = 0
REFUSED: Final = 1
"""Some of the input was refused, the rest was done; also: a process that should run on has ended."""
USAGE: Final = 2
"""The command, a setting or the policy is wrong; nothing was done."""
UNREACHABLE: Final = 3
"""The broker or the database is out of reach."""
