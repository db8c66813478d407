"""`autoheal config`."""

import json

import pytest


def test_it_prints_the_settings_in_force(run, monkeypatch):
    """Under the names by which they are set, defaults included."""
    monkeypatch.setenv("AUTOHEAL_PARTITIONS", "12")
    result = run("config")
    settings = json.loads(result.out)
    assert result.code == 0
    assert settings["AUTOHEAL_PARTITIONS"] == "12"
    assert settings["AUTOHEAL_TOPIC_PREFIX"] == "autoheal"


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_a_password_is_masked(run, monkeypatch, arguments):
    """On a terminal as in a pipe."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("AUTOHEAL_DATABASE_URL", "postgresql+psycopg://heal:hunter2@db/heal")
    result = run("config", *arguments)
    assert "@db/heal" in result.out
    assert "hunter2" not in result.out
