"""The rooms and the one direction of data between them."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {"events": {"events"}, "streams": {"events", "streams"}, "projections": {"events", "projections"}}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_lies_upstream(room):
    """`events` imports neither of the others; `streams` and `projections` never each other."""
    ours = {"events", "streams", "projections", "autoheal", "tests", "bench"}
    for path in (ROOT / room).rglob("*.py"):
        assert _imported(path) & ours <= MAY_IMPORT[room], path


def _imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.split(".")[0] for name in names}


def test_a_producer_needs_neither_faust_nor_sql():
    """Importing `events` loads no engine and no database."""
    code = "import events, sys; print(*{m.split('.')[0] for m in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not {"faust", "mode", "sqlalchemy", "re2", "typer"} & set(loaded.stdout.split())


def test_deciders_have_no_clock_no_chance_and_no_network():
    """A decider is a pure function: it imports nothing that could answer differently tomorrow."""
    for name in ("work", "heal", "failure", "decider", "policy"):
        imported = _imported(ROOT / "streams" / f"{name}.py")
        assert not imported & {"faust", "aiokafka", "sqlalchemy", "time", "random", "uuid", "asyncio"}, name
        assert "now(" not in (ROOT / "streams" / f"{name}.py").read_text()
