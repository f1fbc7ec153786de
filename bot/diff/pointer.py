"""JSON pointers (RFC 6901): a key as a reference token, and back."""

__all__ = ["key_of", "token"]


def token(key: str) -> str:
    """A key as a reference token: `~` and `/` escaped (section 3)."""
    return key.replace("~", "~0").replace("/", "~1")


def key_of(token: str) -> str:
    """The key that a reference token stands for (section 4)."""
    return token.replace("~1", "/").replace("~0", "~")
