"""From bytes to text that YAML and JSON allow, and from offsets to lines and columns."""

import re
from bisect import bisect_right
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE

from bot.errors import DocumentError

__all__ = ["Lines", "decode", "quoted", "readable"]

ENCODINGS = ((BOM_UTF8, "utf-8"), (BOM_UTF16_LE, "utf-16-le"), (BOM_UTF16_BE, "utf-16-be"))
"""A byte order mark chooses the encoding, without one it is UTF-8 (YAML 1.2.2, section 5.2)."""

NOT_PRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML 1.2.2 calls non-printable (section 5.1). It is legal only as an escape inside double quotes."""

USUAL = bytes([*b"\t\n\r", *range(0x20, 0x7F)])
"""The bytes that need no second look: ASCII that prints."""

LONGEST_QUOTE = 60


class Lines:
    """Where the lines of a text begin, to turn an offset in characters into (line, column), both from 1."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(each.end() for each in re.finditer("\n", text))]

    def at(self, offset: int) -> tuple[int, int]:
        """The place of `offset`."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def decode(data: bytes, size: int) -> str:
    """The text of `data`, which must be UTF-8, or UTF-16 with a byte order mark, and at most `size` bytes.

    DocumentError: too large, not in that encoding, or a character that YAML does not allow as it stands.
    """
    if len(data) > size:
        raise DocumentError(f"the file has {len(data):,} bytes; at most {size:,} are read")
    if not data.translate(None, USUAL):
        return data.decode("ascii")
    mark, encoding = _encoding(data)
    body = data[len(mark) :]
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        line, column = _end(body[: error.start].decode(encoding, "replace"))
        raise DocumentError(f"the file is not valid {encoding.upper()}; save it as UTF-8", line, column) from None
    found = NOT_PRINTABLE.search(text)
    if found:
        line, column = _end(text[: found.start()])
        raise DocumentError(f"the character U+{ord(found[0]):04X} is not allowed here; remove it", line, column)
    return text


def readable(data: bytes) -> str:
    """The text of `data` for people to look at, in the encoding that `decode` finds; what is no text is replaced."""
    mark, encoding = _encoding(data)
    return data[len(mark) :].decode(encoding, "replace")


def quoted(key: str) -> str:
    """A key as it is shown in an error: in quotes, invisible characters escaped, cut when it is long."""
    shown = key if len(key) <= LONGEST_QUOTE else key[: LONGEST_QUOTE - 1] + "…"
    return '"' + "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in shown) + '"'


def _encoding(data: bytes) -> tuple[bytes, str]:
    """The byte order mark, b"" where there is none, and the encoding that it means."""
    return next((each for each in ENCODINGS if data.startswith(each[0])), (b"", "utf-8"))


def _end(text: str) -> tuple[int, int]:
    return text.count("\n") + 1, len(text) - text.rfind("\n")
