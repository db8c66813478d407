"""What every decider may read, from the policy of the settings."""

from pathlib import Path

import streams.control
from autoheal.settings import SettingsError
from streams.decider import Control
from streams.policy import PolicyError


def load_control(policy: Path | None) -> Control:
    """Read and validate the policy, and compile its rules beside the packaged ones.

    Args:
        policy: TOML file over the packaged policy.

    Raises:
        SettingsError: The policy cannot be used.
    """
    try:
        return streams.control.load_control(policy)
    except PolicyError as error:
        raise SettingsError(str(error)) from None
