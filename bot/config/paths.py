"""Paths that a person wrote, held to one form: relative, within the repository, and written in the shortest way."""

import posixpath

__all__ = ["contains", "path_problem"]


def path_problem(path: str, place: str) -> tuple[str, str] | None:
    """What is wrong with a `path` within `place`, and what to write instead; None when nothing is. "." is the root."""
    parts = path.split("/")
    if "\\" in path:
        return "has a backslash", "write folders with /"
    if not path.isprintable():
        return "has a control character or an invisible one", "write it without"
    if path.startswith("/") or ".." in parts:
        return f"leaves the {place}", f"write it relative to the root of the {place}, without .."
    if ".git" in (part.lower() for part in parts):
        return "is git's own folder", "choose another one"
    shortest = posixpath.normpath(path)
    if shortest != path:
        return "is not in its shortest form", f'write "{shortest}"'
    return None


def contains(outer: str, inner: str) -> bool:
    """Whether folder `outer` is `inner` or holds it; "" and "." are the root."""
    return outer in ("", ".", inner) or inner.startswith(outer + "/")
