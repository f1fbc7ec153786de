"""A file is read as the documents that kubectl reads it as, or refused: where one ends and the next begins."""

import pytest

from bot.document import load_documents
from bot.errors import DocumentError


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a: 1\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("---\na: 1\n--- \t\n---\nb: 2\n---", [{"a": 1}, {"b": 2}]),
        ("a: 1\r\n---\r\nb: 2\r\n", [{"a": 1}, {"b": 2}]),
        ("a: 1\n--- # what follows\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("a: 1\n...\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("a: ---\nb: '--- c'\nd: |\n  --- e\n  %f\n", {"a": "---", "b": "--- c", "d": "--- e\n%f\n"}),
        ("a: 50%\n", {"a": "50%"}),
        ("a: 'b\u2028c'\nd: e\ufefff\n", {"a": "b\u2028c", "d": "e\ufefff"}),
        ("\ufeffa: 1\n", {"a": 1}),
    ],
)
def test_documents_are_those_that_kubectl_finds(text: str, values: object) -> None:
    found = [each.value for each in load_documents(text.encode())]
    assert found == (values if isinstance(values, list) else [values])


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        # kubectl refuses these
        ("--- {a: 1}\n", "follows ---", 1, 1),
        ("a: 1\n--- {b: 2}\n", "follows ---", 2, 1),
        ("a: 1\n--- |\n x\n", "follows ---", 2, 1),
        ("a: 1\n--- !!map\nb: 2\n", "follows ---", 2, 1),
        ("a: 1\n---b: 2\n", "follows ---", 2, 1),
        ("----\n", "follows ---", 1, 1),
        ("%YAML 1.1\n---\na: 1\n", "directives", 1, 1),
        ("a: b\n%c\n", "directives", 2, 1),
        ("a: 1\n---\n%TAG ! tag:x,2000:\n---\nb: 1\n", "directives", 3, 1),
        # and reads these as something else than YAML does
        ("a: 1\n---#x: y\n", "follows ---", 2, 1),
        ("a: 1\r---\rb: 2\r", "a line ends", 1, 5),
        ("a: 1\u2028---\nb: 2\n", "a line ends", 1, 5),
        ("a: 1\n\x85...\nb: 2\n", "a line ends", 2, 1),
        ("a: b\r\r\n  c\n", "a line ends", 1, 5),
        ("a: 1\n\ufeffb: 2\n", "byte order mark", 2, 1),
        ("\ufeff\ufeffa: 1\n", "byte order mark", 1, 1),
        ("a: 1\r\ufeffb: 2\n", "a line ends", 1, 5),
    ],
)
def test_what_kubectl_reads_otherwise_is_refused(text: str, message: str, line: int, column: int) -> None:
    with pytest.raises(DocumentError, match=message) as caught:
        load_documents(text.encode())
    assert (caught.value.line, caught.value.column) == (line, column)
