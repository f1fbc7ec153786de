"""Imports go one way; the local forge and the walk stand alone; starting the server stays light."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def imported(folder: Path) -> set[str]:
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
    return found


def test_the_rooms_import_one_way() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_walk_uses_only_what_a_user_has() -> None:
    ours = {name for name in imported(ROOT / "bot/cli/demo/walk") if name.split(".")[0] == "bot"}
    assert {name for name in ours if not name.startswith("bot.cli.demo.walk")} == set()


def test_the_local_forge_shares_no_code_with_what_it_judges() -> None:
    ours = {name for name in imported(ROOT / "bot/localforge") if name.split(".")[0] == "bot"}
    assert {name for name in ours if not name.startswith(("bot.localforge", "bot.errors"))} == set()


def test_every_room_says_its_ban() -> None:
    rooms = [path for path in (ROOT / "bot").iterdir() if (path / "__init__.py").exists()]
    silent = [
        room.name
        for room in rooms
        if "Banned here" not in (ast.get_docstring(ast.parse((room / "__init__.py").read_text())) or "")
    ]
    assert silent == []
