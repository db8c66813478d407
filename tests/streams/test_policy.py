"""The policy file: what is left out keeps its default, what is wrong is refused by its full name."""

import pytest

from streams.policy import PolicyError, load_policy


@pytest.fixture
def load(tmp_path):
    """Load a policy from text."""

    def _load(text):
        path = tmp_path / "policy.toml"
        path.write_text(text)
        return load_policy(path)

    return _load


def test_what_is_left_out_keeps_its_default(load):
    """One key of one strategy changes, its neighbours stay."""
    policy = load("[strategies.timeout]\ncooldown_seconds = 5\n[timeouts]\ndefault_seconds = { impl = 7 }")
    default = load_policy()
    assert policy.strategies["timeout"].cooldown_seconds == 5
    assert policy.strategies["timeout"].max_retries == default.strategies["timeout"].max_retries
    assert policy.strategies["unknown"] == default.strategies["unknown"]
    assert (policy.timeouts.default_for("impl"), policy.timeouts.default_for("spec")) == (7, 1200)


def test_an_empty_file_is_the_default(load):
    """Nothing said, nothing changed."""
    assert load("") == load_policy()


@pytest.mark.parametrize("hint", ["none", ""])
def test_a_packaged_hint_can_be_taken_away(load, hint):
    """TOML has no null."""
    assert (
        load(f'[strategies.executor_crash]\nexecutor_hint = "{hint}"').strategies["executor_crash"].executor_hint
        is None
    )


@pytest.mark.parametrize(
    ("task_type", "seconds"),
    [("impl", 2400), ("review", 1200), ("code-review", 1200), ("deploy", 1200), (None, 1200)],
)
def test_every_task_type_has_a_flat_default(task_type, seconds):
    """`code-review` is `review`, what has no entry is `other` (S6)."""
    assert load_policy().timeouts.default_for(task_type) == seconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[strategies.timeout]\nmax_retries = 4",
            "strategies.timeout.max_retries: Input should be less than or equal",
        ),
        (
            "[strategies.timeout]\nmax_retries = 0",
            "strategies.timeout.max_retries: Input should be greater than or equal",
        ),
        ("[strategies.timeout]\ncooldown_seconds = -1", "strategies.timeout.cooldown_seconds: Input should be greater"),
        ("[strategies.timeout]\nretries = 1", "strategies.timeout.retries: unknown key"),
        ("[strategies.gremlins]\nmax_retries = 1", "strategies.gremlins"),
        ("[guard]\n", "guard: unknown key"),
        ('[guards]\ncooldown_scope = "task"', "guards.cooldown_scope: Input should be 'category'"),
        ("[reaper]\nmax_age_seconds = 0", "reaper.max_age_seconds: Input should be greater than 0"),
        (
            '[strategies.timeout]\ndirection_template = "see {log_url}"',
            "strategies.timeout.direction_template: unknown placeholder {log_url}, known are error_summary",
        ),
        (
            '[strategies.timeout]\ndirection_template = "{provider.__class__}"',
            "unknown placeholder {provider.__class__}",
        ),
        ('[strategies.timeout]\ndirection_template = "{oops"', "strategies.timeout.direction_template: "),
        (
            '[[rules]]\nname = "r"\npattern = "("\ncategory = "timeout"\nreason = "x"',
            "rules: rule 1 (line 1) 'r': pattern: missing )",
        ),
        ("not toml", "Expected '='"),
    ],
)
def test_what_is_wrong_is_refused_by_its_full_name(load, text, message):
    """One line: the file, the key, what is wrong with it."""
    with pytest.raises(PolicyError) as refused:
        load(text)
    assert message in str(refused.value)
    assert "policy.toml" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_refused(tmp_path):
    """The path is in the message."""
    with pytest.raises(PolicyError, match=r"absent\.toml"):
        load_policy(tmp_path / "absent.toml")
