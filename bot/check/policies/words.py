"""What policies are called, and text that people wrote into them and into waivers, as it is shown."""

__all__ = ["CHECK", "one_line"]

CHECK = "policies"
"""The name that findings about policies carry."""


def one_line(text: str) -> str:
    """Text as one line that prints."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
