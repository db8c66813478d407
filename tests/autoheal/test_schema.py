"""`autoheal schema`."""

import json

from events.schema import documents


def test_it_prints_every_document(run):
    """By file name, as one JSON object."""
    assert json.loads(run("schema").out) == documents()


def test_it_writes_every_document(run, tmp_path):
    """Into a folder that need not exist, and says which files it wrote."""
    result = run("schema", "--write", tmp_path / "new" / "folder")
    assert sorted(result.out.splitlines()) == sorted(str(path) for path in (tmp_path / "new" / "folder").iterdir())
    assert {path.name for path in (tmp_path / "new" / "folder").iterdir()} == documents().keys()
