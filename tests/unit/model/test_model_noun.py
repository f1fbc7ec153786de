"""A noun is a value: equal by what is compared, shown without what is not to be shown, the same in another process."""

import pickle
from dataclasses import asdict, dataclass, field, fields, replace
from typing import ClassVar

import pytest

from bot.model.noun import noun


@noun
class Key:
    """Nothing but a name."""

    name: str


@noun
class Door:
    """One with a secret, and something that does not count."""

    key: Key
    secret: str = field(default="s", repr=False)
    seen: int = field(default=0, compare=False)


@noun
class Shelf:
    """One with a list that each has for itself, and something that all have."""

    held: list[str] = field(default_factory=list)
    kind: ClassVar[str] = "shelf"

    @property
    def first(self) -> str:
        """The first of them."""
        return self.held[0]


@noun
class Mixed:
    """One in which what has a default comes first."""

    left: str = "l"
    middle: str
    right: str = "r"


@noun
class Nothing:
    """No fields at all."""


@noun
class Own:
    """One with a text of its own."""

    name: str

    def __repr__(self) -> str:
        return "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the library makes of the same."""

    key: Key
    secret: str = field(default="s", repr=False)
    seen: int = field(default=0, compare=False)


def test_it_is_equal_to_what_has_the_same_values_that_count() -> None:
    one, same, other = Door(key=Key(name="a")), Door(key=Key(name="a"), seen=3), Door(key=Key(name="b"))
    assert (one, hash(one)) == (same, hash(same))
    assert one != other
    assert one != replace(one, secret="t")
    assert len({one, same, other}) == 2
    assert Nothing() == Nothing()
    assert {Nothing(), Nothing()} == {Nothing()}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Key(name="a"), Key(name="a"), True),
        (Key(name="a"), Key(name="b"), False),
        (Door(key=Key(name="a"), seen=1), Door(key=Key(name="a")), True),
        (Door(key=Key(name="a")), Door(key=Key(name="a"), secret="t"), False),
    ],
)
def test_both_operators_say_so(one: object, other: object, same: bool) -> None:
    assert ((one == other), (one != other)) == (same, not same)


@pytest.mark.parametrize(
    ("value", "other"),
    [
        (Door(key=Key(name="a")), Written(key=Key(name="a"))),
        (Key(name="a"), "a"),
        (Nothing(), ()),
    ],
)
def test_it_is_never_equal_to_another_sort_of_value(value: object, other: object) -> None:
    assert value != other


def test_it_is_shown_as_a_dataclass_is() -> None:
    assert repr(Door(key=Key(name="a"))) == repr(Written(key=Key(name="a"))).replace("Written", "Door")
    assert (repr(Nothing()), repr(Own(name="a"))) == ("Nothing()", "own")


def test_it_never_changes() -> None:
    door = Door(key=Key(name="a"))
    with pytest.raises(AttributeError):
        door.seen = 1  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del door.seen
    assert not hasattr(door, "__dict__")


@pytest.mark.parametrize(
    "value",
    [Key(name="a"), Door(key=Key(name="a"), secret="t", seen=3), Shelf(held=["a"]), Mixed(middle="m"), Nothing()],
)
def test_it_is_the_same_in_another_process(value: object) -> None:
    again = pickle.loads(pickle.dumps(value))
    assert again == value
    assert [getattr(again, each) for each in type(value).__dataclass_fields__] == [  # type: ignore[attr-defined]
        getattr(value, each)
        for each in type(value).__dataclass_fields__  # type: ignore[attr-defined]
    ]


def test_what_is_done_with_a_dataclass_is_done_with_it() -> None:
    door = Door(key=Key(name="a"), secret="t")
    assert asdict(door) == {"key": {"name": "a"}, "secret": "t", "seen": 0}
    assert [each.name for each in fields(door)] == ["key", "secret", "seen"]
    assert replace(door, seen=4).seen == 4
    with pytest.raises(TypeError):
        replace(door, lost=4)  # type: ignore[call-arg]


def test_a_default_that_is_made_is_made_for_each() -> None:
    one, other = Shelf(), Shelf()
    one.held.append("a")
    assert (one.first, other.held, Shelf.kind) == ("a", [], "shelf")


def test_its_fields_are_given_by_name_and_none_is_left_out() -> None:
    with pytest.raises(TypeError, match="positional"):
        Key("a")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="name"):
        Key()  # type: ignore[call-arg]


def test_it_extends_nothing() -> None:
    with pytest.raises(TypeError, match="extends no other"):

        @noun
        class Gate(Key):
            """A key with more."""

            wide: bool = False
