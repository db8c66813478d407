"""What every decider may read, from the policy of the settings."""

from pathlib import Path

from autoheal.settings import SettingsError
from streams.decider import Control
from streams.diagnosis import Classifier, packaged_rules
from streams.policy import PolicyError, load_policy


def load_control(policy: Path | None) -> Control:
    """Read and validate the policy, and compile its rules beside the packaged ones.

    Args:
        policy: TOML file over the packaged policy.

    Raises:
        SettingsError: The policy cannot be used.
    """
    try:
        loaded = load_policy(policy)
    except PolicyError as error:
        raise SettingsError(str(error)) from None
    return Control(loaded, Classifier((*packaged_rules(), *loaded.rules)))
