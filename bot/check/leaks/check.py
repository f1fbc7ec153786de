"""The check `leaks`."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import cached_property
from typing import ClassVar, Literal, TypeVar

from bot.check.discreet import one_line
from bot.check.leaks.objects import Text, literal, sealed, text_of
from bot.check.waivers import settled, today_utc
from bot.model.environment import Environment
from bot.model.examined import Examined
from bot.model.plan import Finding
from bot.model.resource import Resource, ResourceId
from bot.scanner.scan import Scanner, Sighting, left_until

__all__ = ["Leaks"]

NAME = "leaks"
FIX = (
    "take the value out and replace it where it is used: whoever can read the repository knows it; "
    "use an ExternalSecret or a SealedSecret"
)
TOO_MUCH = "keep what is no manifest out of the environment's source, or set `leaks: off` under its policies"

MEBIBYTE = 1024 * 1024
MOST_BYTES = 16 * MEBIBYTE  # of one file or object; the scanner reads about 30 MB a second
MOST_SECONDS = 20.0  # of all of them together, once the rules are loaded

GROUP = 64 * 1024
BETWEEN = b"\n\n---\n\n"  # no rule's pattern runs over it

Place = tuple[str, int, int]  # path, line, column

T = TypeVar("T")


class Leaks:
    """Scans every file of the environment that was read, then what the objects hold beyond that.

    What the scanner is sure of is an error, what it is fairly sure of a warning; `policies` of an environment change
    that for one detector by its name, or for all as `leaks`. A value is never quoted. A secret that stands in a file
    and in the object made of it is told once, at the file.
    """

    name = NAME
    subject: ClassVar[Literal["desired"]] = "desired"

    def __init__(self, scanner: Scanner | None = None, today: Callable[[], date] = today_utc) -> None:
        self._scanner, self._today = scanner or Scanner(), today

    def apart(self, environment: Environment) -> bool:
        """Every file is looked through by itself, together with what is made of it."""
        del environment
        return True

    async def run(self, examined: Examined) -> Sequence[Finding]:
        """What looks like a secret, by file and line."""
        if examined.environment.policy_levels.get(NAME) == "off":
            return []
        return self.findings(examined)

    def findings(self, examined: Examined) -> list[Finding]:
        """What `run` answers; takes about 30 ms of the processor per MB."""
        self._scanner.load()  # before the clock runs
        try:
            found = list(Search(self._scanner, examined).all())
        except TimeoutError:
            found = [unknown(examined.environment, f"it took longer than {MOST_SECONDS:g} s")]
        ordered = sorted(found, key=lambda each: (each.path, each.line, each.column, each.rule))
        return settled(ordered, examined.environment, self._today())


class Search:
    """One look at everything of an environment."""

    def __init__(self, scanner: Scanner, examined: Examined) -> None:
        self._scanner, self._examined = scanner, examined
        self._until = time.monotonic() + MOST_SECONDS
        self._seen: set[tuple[str, str]] = set()
        self._literal: set[str] = set()

    def all(self) -> Iterator[Finding]:
        """Everything: the files first, so that what an object has from a file is told there."""
        yield from self.files()
        in_files = frozenset(self._seen)
        texts = (text_of(each) for each in self._examined.resources if not self.said(each))
        for text in self.doubtful((each, each.data) for each in texts):
            yield from self.object(text, in_files)

    def said(self, resource: Resource) -> bool:
        """Whether the scan of an object's file was one of the object. What a Secret encodes is looked at once more."""
        origin = resource.origin
        return resource.id.kind != "Secret" and origin is not None and origin.path in self._literal

    def files(self) -> Iterator[Finding]:
        """What is in the files."""
        contents = dict(self.contents())
        doubtful = frozenset(self.doubtful(contents.items()))
        for path, data in contents.items():
            for each in self.sightings(data) if path in doubtful else ():
                shown = one_line(path)
                self._seen.add((each.rule, each.value))
                line, column = position(data, each.start)
                resource = nearest(self._examined.resources, shown, line)
                yield finding(each, resource, (shown, line, column))
            if len(data) > MOST_BYTES:
                why = f"{one_line(path)} has more than {MOST_BYTES // MEBIBYTE} MiB"
                yield unknown(self._examined.environment, why, one_line(path))
            # a path with a backslash may be what another one is shown as
            elif self._examined.as_written and "\\" not in path and literal(data):
                self._literal.add(path)

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """Every file that was read, by path."""
        tree = self._examined.files
        if tree is not None:
            for path, entry in sorted(tree.entries.items()):
                if entry.mode in ("100644", "100755") and entry.blob in tree.blobs:
                    yield path, tree.blobs[entry.blob]

    def doubtful(self, contents: Iterable[tuple[T, bytes]]) -> Iterator[T]:
        """What has to be looked at by itself: of many that were looked at together there is a sighting in one.

        Most of a scan of little is its beginning.
        """
        for group in grouped(contents):
            if len(group) == 1 or self.sightings(BETWEEN.join(data for _, data in group)):
                yield from (each for each, _ in group)

    def object(self, text: Text, told: frozenset[tuple[str, str]]) -> Iterator[Finding]:
        """What is in an object and in no file, such as what a template or a generator made."""
        resource, origin = text.resource, text.resource.origin
        for each in self.sightings(text.data):
            if (each.rule, each.value) not in told:
                at = text.place(each.start)
                line, column = (origin.locate(at) if origin.locate else (origin.line, 1)) if origin else (0, 0)
                yield finding(each, resource.id, (origin.path if origin else "", line, column))
        if len(text.data) > MOST_BYTES:
            why = f"{resource.id} has more than {MOST_BYTES // MEBIBYTE} MiB"
            yield unknown(self._examined.environment, why, origin.path if origin else "", resource.id)

    def sightings(self, data: bytes) -> list[Sighting]:
        """What is in the bytes that is not sealed. TimeoutError: the time for all is over."""
        if not data or len(data) > MOST_BYTES:
            return []
        found = self._scanner.scan(data, left_until(self._until))
        return [each for each in found if not self.is_sealed(data[each.start : each.end])]

    @cached_property
    def _sealed(self) -> list[str]:
        """The texts that may stand in git; asked for only where something was seen."""
        return [text for each in self._examined.resources for text in sealed(each)]

    def is_sealed(self, span: bytes) -> bool:
        """Whether that is a piece of something that was encrypted."""
        text = span.decode("utf-8", "replace")
        return any(text in each for each in self._sealed)


def grouped(contents: Iterable[tuple[T, bytes]]) -> Iterator[list[tuple[T, bytes]]]:
    """All of it in groups of about `GROUP` bytes; what has more is by itself."""
    group: list[tuple[T, bytes]] = []
    size = 0
    for each in contents:
        if len(each[1]) > GROUP:
            yield [each]
            continue
        group.append(each)
        size += len(each[1])
        if size >= GROUP:
            yield group
            group, size = [], 0
    if group:
        yield group


def position(data: bytes, offset: int) -> tuple[int, int]:
    """Line and column, in characters from 1, of an offset in bytes."""
    begin = data.rfind(b"\n", 0, offset) + 1
    return data.count(b"\n", 0, offset) + 1, len(data[begin:offset].decode("utf-8", "replace")) + 1


def nearest(resources: Sequence[Resource], path: str, line: int) -> ResourceId | None:
    """The object that begins last before that line of that file."""
    before = [each for each in resources if each.origin and each.origin.path == path and each.origin.line <= line]
    return max(before, key=lambda each: each.origin.line if each.origin else 0).id if before else None


def finding(sighting: Sighting, resource: ResourceId | None, place: Place) -> Finding:
    """A sighting, told without its value."""
    path, line, column = place
    subject = str(resource) if resource else path
    return Finding(
        check=NAME, level="error" if sighting.confidence == "high" else "warning",
        message=f"{subject}: {one_line(sighting.name)}", fix=FIX, resource=resource, rule=one_line(sighting.rule),
        path=path, line=line, column=column,
    )  # fmt: skip


def unknown(environment: Environment, why: str, path: str = "", resource: ResourceId | None = None) -> Finding:
    """Something that was not scanned, which is never taken for clean."""
    return Finding(
        check=NAME, level="unknown", message=f"not looked through for secrets: {why}", fix=TOO_MUCH,
        resource=resource, path=path or environment.source.path,
    )  # fmt: skip
