"""Text that people wrote into policies and waivers, as it is shown."""

__all__ = ["one_line"]


def one_line(text: str) -> str:
    """Text as one line that prints."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
