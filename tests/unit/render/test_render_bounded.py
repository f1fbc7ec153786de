"""What is remembered within a number of bytes, and what goes first."""

from bot.render.bounded import OVERHEAD, Bounded, remembered


def test_the_entry_that_was_not_asked_for_longest_goes_first() -> None:
    known: Bounded[str, int] = Bounded(3 * (OVERHEAD + 10))
    for key in "abc":
        known.put(key, 1, 10)
    assert known.get("a") == 1
    known.put("d", 1, 10)
    assert [key for key in "abcd" if known.get(key)] == ["a", "c", "d"]
    assert known.size == 3 * (OVERHEAD + 10)


def test_what_is_too_large_is_not_kept_and_nothing_goes_for_it() -> None:
    known: Bounded[str, int] = Bounded(1000)
    known.put("a", 1, 10)
    known.put("b", 1, 1001)
    assert (known.get("a"), known.get("b")) == (1, None)


def test_a_function_is_called_once_for_the_same_bytes_as_long_as_they_fit() -> None:
    calls: list[bytes] = []

    @remembered(2 * OVERHEAD + 4 * 100)
    def nothing(data: bytes) -> None:
        calls.append(data)

    one, large = b"1" * 50, b"2" * 51
    for data in (one, one, large, one):
        nothing(data)
    assert calls == [one, large, one]
