"""Logs go to stderr, in one form."""

import json
import logging

import pytest
import structlog

from autoheal.logs import configure_logs


def log_all():
    """Log one line by each way there is, and one that nobody needs."""
    structlog.get_logger("ours").info("batch stored", records=3)
    logging.getLogger("library").warning("slow %s", "broker")
    logging.getLogger("aiokafka").info("subscribed")
    structlog.get_logger("ours").debug("detail")


def test_a_pipe_gets_json_lines(capsys):
    """One object for each, with level and time."""
    configure_logs("info", "auto")
    log_all()
    out, err = capsys.readouterr()
    first, second = map(json.loads, err.splitlines())
    assert out == ""
    assert (first["event"], first["records"], first["level"]) == ("batch stored", 3, "info")
    assert (second["event"], second["level"]) == ("slow broker", "warning")


def test_people_get_readable_lines(capsys):
    """The same lines, without quotes and braces."""
    configure_logs("info", "console")
    log_all()
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith("batch stored records=3")
    assert second.endswith("slow broker")


@pytest.mark.parametrize("form", ["json", "console"])
def test_an_exception_is_shown(capsys, form):
    """With its traceback, in either form."""
    configure_logs("info", form)
    try:
        {}["plan"]
    except KeyError:
        logging.getLogger("library").exception("broke")
    assert "KeyError: 'plan'" in capsys.readouterr().err
