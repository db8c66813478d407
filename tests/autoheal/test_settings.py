"""Settings come from the environment and `.env`, and a wrong one is named."""

from pathlib import Path

import pytest

from autoheal.settings import Settings, SettingsError, load_settings, variables


def test_every_setting_has_a_default():
    """Nothing has to be set on one machine."""
    settings = load_settings()
    assert settings.bootstrap_servers == "127.0.0.1:9092"
    assert settings.database_url == "sqlite:///autoheal.db"
    assert settings.policy is None


def test_the_environment_goes_before_the_file(monkeypatch):
    """Both are read, what is not ours in the file is left alone, and an empty value is none."""
    Path(".env").write_text("AUTOHEAL_PARTITIONS=2\nAUTOHEAL_REPLICATION=3\nAUTOHEAL_POLICY=\nOTHER=1\n")
    monkeypatch.setenv("AUTOHEAL_PARTITIONS", "8")
    settings = load_settings()
    assert (settings.partitions, settings.replication, settings.policy) == (8, 3, None)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("AUTOHEAL_BOOTSTRAP_SERVERS", "kafka", "'kafka' is no host:port"),
        ("AUTOHEAL_BOOTSTRAP_SERVERS", "a:1, b", "'b' is no host:port"),
        ("AUTOHEAL_BOOTSTRAP_SERVERS", "kafka:http", "'kafka:http' is no host:port"),
        ("AUTOHEAL_TOPIC_PREFIX", "my topics", "String should match pattern"),
        ("AUTOHEAL_PARTITIONS", "0", "Input should be greater than 0"),
        ("AUTOHEAL_REPLICATION", "two", "Input should be a valid integer"),
        ("AUTOHEAL_LOG_LEVEL", "loud", "Input should be 'debug', 'info', 'warning' or 'error'"),
        ("AUTOHEAL_LOG_FORMAT", "xml", "Input should be 'auto', 'console' or 'json'"),
    ],
)
def test_a_wrong_value_is_named(monkeypatch, name, value, message):
    """The line begins with the variable as it has to be set."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name}: ") as refused:
        load_settings()
    assert message in str(refused.value)


def test_settings_survive_the_environment(monkeypatch):
    """A child process that gets them as variables has the same ones."""
    settings = Settings(bootstrap_servers="a:1,b:2", partitions=7, policy=Path("p.toml"), log_level="debug")
    for name, value in variables(settings).items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings
