"""What the README shows works as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from autoheal.embedded import EmbeddedBroker
from streams.policy import load_policy

README = (Path(__file__).parents[1] / "README.md").read_text()


def snippets(language):
    """Return the README's blocks of a language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def address():
    """An installation with the README's own names: a broker of its own, and a worker."""
    with EmbeddedBroker() as broker:
        environment = os.environ | {"AUTOHEAL_BOOTSTRAP_SERVERS": broker.bootstrap}
        worker = subprocess.Popen([sys.executable, "-m", "autoheal", "worker"], env=environment, stderr=subprocess.PIPE)
        assert worker.stderr.readline()  # it speaks once the topics are there
        yield broker.bootstrap
        worker.terminate()
        assert worker.wait(timeout=30) == 0


def python(snippet, address):
    """Start a snippet of Python against another address than the README's."""
    code = snippet.replace("127.0.0.1:9092", address)
    return subprocess.Popen([sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, text=True)


@pytest.mark.integration
def test_what_is_published_in_python_is_answered(address):
    """The publisher prints where the event is, the subscriber the heal that followed from it."""
    publish, follow = snippets("python")
    assert "autoheal.tasks" in python(publish, address).communicate(timeout=30)[0]
    following = python(follow, address)
    try:
        assert "task_42" in following.stdout.readline()
    finally:
        following.kill()
        following.communicate()


@pytest.mark.integration
def test_the_line_for_other_languages_is_an_event(address):
    """`autoheal emit` takes it as it stands."""
    (line,) = snippets("json")
    environment = os.environ | {"AUTOHEAL_BOOTSTRAP_SERVERS": address}
    command = [sys.executable, "-m", "autoheal", "emit", "-"]
    emitted = subprocess.run(command, input=line, env=environment, capture_output=True, text=True, check=True)
    assert "autoheal.tasks" in emitted.stdout


def test_the_policy_is_accepted(tmp_path):
    """Its keys exist, its rule compiles."""
    (text,) = snippets("toml")
    (tmp_path / "policy.toml").write_text(text)
    policy = load_policy(tmp_path / "policy.toml")
    assert policy.guards.cooldown_scope == "category+provider"
    assert policy.rules[0].name == "our-gateway-429"


def test_every_link_leads_to_a_file():
    """Nothing is promised that is not there."""
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (Path(__file__).parents[1] / target).exists(), target
