"""Rooms stay small: files, functions and parameter lists; and so do the files of tests."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for path in (ROOT / "bot").rglob("*.py") if "versions" not in path.parts)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions() -> Iterator[tuple[str, Function]]:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, Function):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def lines(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def lengths(paths: list[Path]) -> dict[str, int]:
    return {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in paths}


def test_files_are_short() -> None:
    assert {name: n for name, n in lengths([*FILES, *TESTS]).items() if n > 400} == {}
    assert statistics.median(lengths(FILES).values()) <= 150


def test_functions_are_short() -> None:
    assert {name: lines(node) for name, node in functions() if lines(node) > 50} == {}


def test_functions_of_the_flow_are_shorter() -> None:
    assert {n: lines(f) for n, f in functions() if n.startswith("bot/flow/") and lines(f) > 40} == {}


def test_functions_have_few_parameters() -> None:
    def count(node: Function) -> int:
        given = [each for each in node.args.args if each.arg not in ("self", "cls")]
        return len(given) + len(node.args.kwonlyargs) + len(node.args.posonlyargs)

    assert {name: count(node) for name, node in functions() if count(node) > 6} == {}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_say_what_they_are_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), f"{path} has no docstring"
