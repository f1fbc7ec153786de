"""Who made a commit: the accounts that GitHub recognises, and the addresses that belong to nobody it knows.

Co-authors stand in trailers of the message, which GitHub's API does not resolve:
https://docs.github.com/en/pull-requests/committing-changes-to-your-project/creating-and-editing-commits/creating-a-commit-with-multiple-authors
"""

import re

from bot.forge.github.shape import integer, items, mapping, optional_mapping, sha, text
from bot.model.forge import Commit
from bot.model.noun import Json

__all__ = ["commit"]

WEB_FLOW = 19864447
WEB_FLOW_EMAIL = "noreply@github.com"
GITHUB_NOREPLY = "users.noreply.github.com"
TRAILER = re.compile(r"co-authored-by[ \t]*:(.*)", re.IGNORECASE)
ADDRESS = re.compile(r"<([^<>]*)>\s*$")
HIDDEN = re.compile(r"([1-9][0-9]{0,17})\+[^@\s]+@([a-z0-9.-]+)", re.ASCII | re.IGNORECASE)
UNKNOWN = "an author without an address"


def commit(value: Json, noreply: str = GITHUB_NOREPLY) -> Commit:
    """A commit of `GET …/pulls/{n}/commits` or `…/compare/…`, with author, committer and co-authors.

    GitHub's own committer of merges made on its pages is nobody. An address that only hides an account names that
    account. On another server than github.com, github.com's numbers name other people: there the address is a stranger
    too.
    """
    inner = mapping(value, "commit")
    people: set[int] = set()
    strangers: set[str] = set()
    for role in ("author", "committer"):
        if role == "committer" and is_web_flow(value, inner):
            continue
        account = optional_mapping(value, role)
        if account:
            people.add(integer(account, "id"))
        else:
            attribute(text(optional_mapping(inner, role) or {}, "email"), noreply, people, strangers)
    for address in co_authors(text(inner, "message")):
        attribute(address, noreply, people, strangers)
    merge = len(items(value, "parents")) > 1
    return Commit(sha=sha(value, "sha"), people=frozenset(people), strangers=tuple(sorted(strangers)), merge=merge)


def is_web_flow(value: Json, inner: Json) -> bool:
    """Whether the committer is GitHub itself. Its number is github.com's; on other servers the address tells."""
    account = optional_mapping(value, "committer")
    if account is not None:
        return account.get("login") == "web-flow" or account.get("id") == WEB_FLOW
    return text(optional_mapping(inner, "committer") or {}, "email").lower() == WEB_FLOW_EMAIL


def attribute(address: str, noreply: str, people: set[int], strangers: set[str]) -> None:
    """Put an address down as the account that it hides, as a stranger, or as both."""
    match = HIDDEN.fullmatch(address)
    domain = match[2].lower() if match else ""
    if match and domain in (noreply, GITHUB_NOREPLY):
        people.add(int(match[1]))
    if not match or domain != noreply:
        strangers.add(address or UNKNOWN)


def co_authors(message: str) -> list[str]:
    """The addresses of all co-author trailers, wherever they stand: naming one person too many does no harm."""
    found = []
    for line in message.splitlines():
        trailer = TRAILER.fullmatch(line.strip())
        if trailer:
            address = ADDRESS.search(trailer[1])
            found.append(address[1].strip() if address else trailer[1].strip())
    return found
