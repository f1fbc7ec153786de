"""Reads a file: its documents' values at once, their positions when they are asked for."""

from collections.abc import Callable, Iterator
from functools import partial

from yaml.cyaml import CBaseLoader
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import Event

from bot.document.build import Builder
from bot.document.json_events import json_events
from bot.document.places import Place, Places, Reading
from bot.document.quick import composed, quick
from bot.document.simple import simple
from bot.document.split import check_lines
from bot.document.text import decode
from bot.document.value import Document, Limits, Root
from bot.errors import DocumentError

__all__ = ["load_documents", "load_json"]

Events = Callable[[str], Iterator[Event]]

DEFAULT = Limits()


def load_documents(data: bytes, limits: Limits = DEFAULT) -> tuple[Document, ...]:
    """The documents of a YAML file, in order; those that are empty, null or only comments are left out.

    DocumentError: not YAML, beyond a limit, a key set twice, or something that kubectl could not make JSON of.
    """
    text = _whole_lines(decode(data, limits.size))
    check_lines(text)
    roots = simple(text, limits)
    if roots is None:
        roots = quick(text, limits)
    return _load(data, limits, _yaml) if roots is None else _documents(data, limits, _yaml, roots)


def load_json(data: bytes, limits: Limits = DEFAULT) -> tuple[Document, ...]:
    """The values of a JSON file (RFC 8259), usually one; several may follow one another, and null is left out.

    DocumentError: as for YAML. Text that is JSON but not YAML is read too: long keys, surrogate pairs.
    """
    return _load(data, limits, json_events)


def _load(data: bytes, limits: Limits, events: Events) -> tuple[Document, ...]:
    builder = Builder(limits)
    take = builder.take
    for event in events(decode(data, limits.size)):
        take(event)
    return _documents(data, limits, events, builder.roots)


def _documents(data: bytes, limits: Limits, events: Events, roots: list[Root]) -> tuple[Document, ...]:
    # a partial, not a closure: documents travel between processes
    places = Places(partial(_again, data, limits, events))
    return tuple(Document(value=value, line=root[0], locate=Place(places, root)) for value, root in roots)


def _again(data: bytes, limits: Limits, events: Events) -> Reading:
    text = decode(data, limits.size)
    return events(text), composed(_whole_lines(text), limits) if events is _yaml else None


def _whole_lines(text: str) -> str:
    """The text with a line break behind its last line, which kubectl adds and a block scalar there then has."""
    return text if text.endswith("\n") else text + "\n"


def _yaml(text: str) -> Iterator[Event]:
    return _yaml_events(_whole_lines(text))


def _yaml_events(text: str) -> Iterator[Event]:
    parser = CBaseLoader(text)
    try:
        while (event := parser.get_event()) is not None:
            yield event
    except MarkedYAMLError as error:
        raise _explained(error, text) from None
    except YAMLError as error:
        raise DocumentError(f"not valid YAML: {error.args[0] if error.args else 'unreadable'}") from None
    finally:
        parser.dispose()


def _explained(error: MarkedYAMLError, text: str) -> DocumentError:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    around = text.split("\n")[line - 1 : line]
    if around and "\t" in around[0][: column + 1]:
        return DocumentError("not valid YAML: a tab cannot indent; use spaces", line, column)
    what = ", ".join(part for part in (error.context, error.problem) if part)
    return DocumentError(f"not valid YAML: {what}", line, column)
