"""The inventory's bytes: what was written is read, and nothing else is."""

import json
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.noun import Digest
from bot.model.resource import ResourceId
from bot.target.directory.inventory import Entry, Inventory, decode, decode_head, encode
from bot.target.directory.names import file_name

UUID = "7b0c1c1e-3c2a-4a39-9a5b-0f2f5c5a7d11"
ids = st.builds(ResourceId, type=st.text(max_size=5), scope=st.text(max_size=5), name=st.text(max_size=5))
states: st.SearchStrategy[Literal["kept", "creating", "deleting"]] = st.sampled_from(["kept", "creating", "deleting"])


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    """Any inventory that Tidegate could have."""
    chosen = draw(st.sets(ids, max_size=5))
    entries = {
        id: Entry(file=file_name(id), digest=Digest(draw(st.text(max_size=5))), state=draw(states)) for id in chosen
    }
    return Inventory(uuid=UUID, epoch=draw(st.integers(0)), environment=draw(st.text(max_size=5)), entries=entries)


@given(inventories())
def test_what_is_written_is_read(inventory: Inventory) -> None:
    assert decode(encode(inventory)) == inventory


@given(inventories())
def test_its_bytes_do_not_depend_on_the_order_of_entries(inventory: Inventory) -> None:
    turned = Inventory(
        uuid=UUID, epoch=inventory.epoch, environment=inventory.environment,
        entries=dict(reversed(list(inventory.entries.items()))),
    )  # fmt: skip
    assert encode(turned) == encode(inventory)


@given(inventories(), st.sampled_from([None, 2]))
def test_its_head_is_read_alone_however_it_is_laid_out(inventory: Inventory, indent: int | None) -> None:
    written = encode(inventory)
    laid_out = json.dumps(json.loads(written), indent=indent).encode()
    assert decode_head(written) == decode_head(laid_out) == replace(inventory, entries={})


def test_of_a_head_the_entries_are_not_read() -> None:
    inventory = Inventory(uuid=UUID, entries={})
    assert decode_head(encode(inventory).replace(b"]}", b"damaged]}")) == inventory


@given(st.binary(max_size=50) | inventories().map(lambda each: encode(each)[:-9]))
def test_anything_else_is_a_clear_error(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(content)


@given(st.binary(max_size=50))
def test_what_has_no_head_is_a_clear_error(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_head(content)


ENTRY = {"type": "Pod", "scope": "", "name": "a", "file": "pod_a.yaml", "digest": "f1:a", "state": "kept"}


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 2}, {"uuid": "mine"}, {"uuid": None}, {"epoch": "1"}, {"environment": 1}, {"entries": {}},
        {"entries": [{**ENTRY, "file": "../../etc/passwd"}]},
        {"entries": [{**ENTRY, "file": ".tidegate"}]},
        {"entries": [{**ENTRY, "state": "mine"}]},
        {"entries": [{**ENTRY, "name": 1}]},
        {"entries": [ENTRY, ENTRY]},
        {"entries": [ENTRY, {**ENTRY, "name": "b"}]},
    ],
)  # fmt: skip
def test_a_damaged_inventory_is_refused(changed: dict[str, Any]) -> None:
    good: dict[str, Any] = {"version": 1, "uuid": UUID, "epoch": 1, "environment": "", "entries": [ENTRY]}
    assert len(decode(json.dumps(good).encode()).entries) == 1
    with pytest.raises(ValueError, match=r"."):
        decode(json.dumps({**good, **changed}).encode())
