"""Puts together what every decider may read, before anything starts."""

from pathlib import Path

from streams.decider import Control
from streams.diagnosis import Classifier, packaged_rules
from streams.policy import load_policy


def load_control(policy_file: Path | None = None) -> Control:
    """Read the policy and compile the diagnosis rules, the packaged ones and the policy's own.

    Raises:
        PolicyError: The policy cannot be used.
    """
    policy = load_policy(policy_file)
    return Control(policy, Classifier((*packaged_rules(), *policy.rules)))
