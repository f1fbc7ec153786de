"""A noun is a value: equal by what is compared, shown without what is not to be shown, the same in another process."""

import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

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
class Gate(Door):
    """A door with more."""

    wide: bool = False


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
    ("value", "other"),
    [
        (Door(key=Key(name="a")), Gate(key=Key(name="a"))),
        (Door(key=Key(name="a")), Written(key=Key(name="a"))),
        (Key(name="a"), "a"),
        (Nothing(), ()),
    ],
)
def test_it_is_never_equal_to_another_sort_of_value(value: object, other: object) -> None:
    assert value != other


def test_it_is_shown_as_a_dataclass_is() -> None:
    assert repr(Door(key=Key(name="a"))) == repr(Written(key=Key(name="a"))).replace("Written", "Door")
    assert repr(Gate(key=Key(name="a"))) == "Gate(key=Key(name='a'), seen=0, wide=False)"
    assert (repr(Nothing()), repr(Own(name="a"))) == ("Nothing()", "own")


def test_it_never_changes() -> None:
    door = Door(key=Key(name="a"))
    with pytest.raises(FrozenInstanceError):
        door.seen = 1  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del door.seen
    assert not hasattr(door, "__dict__")


@pytest.mark.parametrize(
    "value", [Key(name="a"), Door(key=Key(name="a"), secret="t", seen=3), Gate(key=Key(name="a"), wide=True), Nothing()]
)
def test_it_is_the_same_in_another_process(value: object) -> None:
    again = pickle.loads(pickle.dumps(value))
    assert again == value
    assert [getattr(again, each) for each in type(value).__dataclass_fields__] == [  # type: ignore[attr-defined]
        getattr(value, each)
        for each in type(value).__dataclass_fields__  # type: ignore[attr-defined]
    ]
