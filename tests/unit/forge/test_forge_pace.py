"""How long GitHub is left alone follows its headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.forge.github.pace import hold_off

NOW = 1_800_000_000.0
SPENT = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW) + 90)}


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (200, {}, b"", None),
        (200, {"x-ratelimit-remaining": "1"}, b"", None),
        (200, SPENT, b"", 90),
        (200, {**SPENT, "x-ratelimit-reset": str(int(NOW) - 5)}, b"", None),
        (403, SPENT, b"", 90),
        (403, {**SPENT, "retry-after": "7"}, b"", 7),
        (403, {"retry-after": "30"}, b"", 30),
        (429, {"retry-after": "0"}, b"", 1),
        (429, {"retry-after": "999999"}, b"", 3660),
        (429, {}, b"", 60),
        (429, {"retry-after": "soon"}, b"", 60),
        (403, {}, b'{"message":"You have exceeded a secondary rate limit."}', 60),
        (403, {}, b'{"message":"Resource not accessible by integration"}', None),
        (503, {"retry-after": "12"}, b"", 12),
        (503, {}, b"", None),
        (500, {"retry-after": "12"}, b"", None),
    ],
)
def test_waits(status: int, headers: dict[str, str], body: bytes, expected: float | None) -> None:
    assert hold_off(status, headers, body, 0, NOW) == expected


def test_an_unexplained_limit_waits_longer_each_time() -> None:
    assert [hold_off(429, {}, b"", strikes, NOW) for strikes in (0, 1, 2, 10)] == [60, 120, 240, 900]


@given(st.integers(0, 599), st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.binary(max_size=50))
def test_a_wait_is_never_endless(status: int, after: str, remaining: str, reset: str, body: bytes) -> None:
    headers = {"retry-after": after, "x-ratelimit-remaining": remaining, "x-ratelimit-reset": reset}
    wait = hold_off(status, headers, body, 3, NOW)
    assert wait is None or 1 <= wait <= 3660
