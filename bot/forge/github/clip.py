"""Cutting Markdown to a size with nothing left open: GitHub itself cuts silently, in the middle of a fence. Pure."""

import re

__all__ = ["clip"]

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)", re.DOTALL)
HTML = re.compile(r" {0,3}</?[a-z]", re.IGNORECASE)
"""What begins a block of HTML, in which a fence is text; a blank line ends it.

https://github.github.com/gfm/#html-blocks
"""
DETAILS = re.compile(r"<(/?)details\b", re.IGNORECASE)


def clip(markdown: str, limit: int) -> str:
    """`markdown` if it takes at most `limit` bytes of UTF-8; else as many whole lines as fit, closed, and a word of it.

    A code fence and `<details>` that are open at the cut are closed, so that the notice is seen.
    """
    if len(markdown.encode()) <= limit:
        return markdown
    notice = f"\n*Cut here: GitHub takes at most {limit:,} bytes of text.*\n"
    parts, size, taken = Open(), 0, 0
    ending = notice
    lines = [line + "\n" for line in markdown.split("\n")]
    for count, line in enumerate(lines, 1):
        size += len(line.encode())
        parts.read(line.rstrip("\r\n"))
        if size > limit:
            break
        closing = parts.ending() + notice
        if size + len(closing.encode()) <= limit:
            taken, ending = count, closing
    if taken:
        return "".join(lines[:taken]) + ending
    room = max(limit - len(notice.encode()), 0)
    return markdown.encode()[:room].decode(errors="ignore") + notice


class Open:
    """What is open after the lines that were read: at most one code fence, and some `<details>`."""

    def __init__(self) -> None:
        self.fence = ""
        self.html = False
        self.details = 0

    def read(self, line: str) -> None:
        """Go on by one line."""
        self.html = bool(line.strip()) and (self.html or (not self.fence and bool(HTML.match(line))))
        match = None if self.html else FENCE.fullmatch(line)
        if self.fence:
            if match and match[1].startswith(self.fence) and not match[2].strip():
                self.fence = ""
        elif match and not ("`" in match[1] and "`" in match[2]):
            self.fence = match[1]
        else:
            for tag in DETAILS.finditer(line):
                self.details = max(self.details + (-1 if tag[1] else 1), 0)

    def ending(self) -> str:
        """What closes it all."""
        fence = f"{self.fence}\n" if self.fence else ""
        return fence + "\n</details>\n" * self.details
