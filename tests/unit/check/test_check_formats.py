"""Text of a format is told in time linear in its length, whatever it is."""

import pytest

from bot.check.cel.typed import typed
from bot.check.schemas.custom.formats import STRING_FORMATS

LONG = 1_000_000  # signs; a search whose time grows with the square of it does not come to an end


@pytest.mark.parametrize("text", ["1" * LONG, "1." * LONG, "1 " * LONG, "1h" * LONG + "1", "." * LONG])
def test_a_long_text_is_told_from_a_duration(text: str) -> None:
    assert STRING_FORMATS["duration"](text) is ("h" in text)


@pytest.mark.parametrize("text", ["1" * LONG, "1." * LONG, "1h" * LONG + "1", "." * LONG])
def test_a_rule_is_handed_a_long_text_as_it_is_where_it_is_no_duration(text: str) -> None:
    assert typed(text, {"type": "string", "format": "duration"}) == text


@pytest.mark.parametrize("text", ["(" * LONG, ":" * LONG])
def test_a_text_of_brackets_is_no_address(text: str) -> None:
    assert not STRING_FORMATS["email"](text)
