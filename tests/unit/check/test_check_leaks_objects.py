"""The texts of an object: where each of them is, and which files say all of them as they are."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from bot.check.leaks.objects import leaves, literal, sealed, text_of
from bot.document import load_documents
from bot.errors import DocumentError
from bot.model.resource import Resource, ResourceId

WAYS = (
    "{key}: {text}",
    "{key}: '{text}'",
    '{key}: "{text}"',
    '{key}: "{text}\\x41"',
    "{key}: '{text}''{text}'",
    '{key}: "15 * * & *"',
    "{key}: !!binary YWJj",
    "{key}: &a {text}\n  b{key}: *a",
    "{key}: {{a: {text}}}",
    "? {key}\n  : {text}",
    "{key}: |\n    a: {text}",
    "{key}: >-\n    a: {text}",
    "{key}:\n    a: {text}",
    "{key}:\n    a b: {text}",
    "{key}:\n    {text}",
    "{key}:\n    {text}:{text}",
    "{key}:\n    {text} :{text}",
    "{key}: # here\n\n  # and here\n    {text}",
    "{key}: {text}\n    {text}",
    "{key}: {text}\n    -{text}",
    '{key}: "{text}\\\n    {text}"',
    '{key}: "{text}\n    a: {text}"',
    "{key}: '{text}\n    a: {text}'",
)
WORDS = st.text("abkx -./:#'\"", min_size=1, max_size=6).map("w{}w".format)
ENTRIES = st.lists(st.tuples(st.sampled_from(WAYS), WORDS), min_size=1, max_size=4)
SECRET, OTHER = ResourceId(type="Secret", name="a"), ResourceId(type="ConfigMap", name="a")
VALUES: Any = st.recursive(
    st.text(max_size=4) | st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(ENTRIES, st.sampled_from(["\n", "\r\n"]))
@example([("{key}:\n    {text}", "wxw")], "\r\n")
@example([("{key}: {text}\n    -{text}", "wxw")], "\n")
@example([("{key}: >-\n    a: {text}", "wxw")], "\n")
def test_a_file_that_says_all_has_every_text_on_the_line_of_its_key(entries: list[tuple[str, str]], end: str) -> None:
    lines = [way.format(key=f"key{number}", text=text) for number, (way, text) in enumerate(entries)]
    data = "".join(f"  {each}\n" for each in ("data:", *lines))[2:].replace("\n", end).encode()
    try:
        documents = load_documents(data)
    except DocumentError:
        return
    if literal(data):
        for place, text in leaves(documents[0].value, ()):
            assert any(str(place[-1]) in line and text in line for line in data.decode().split("\n")), place


@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=4), st.sampled_from([SECRET, OTHER]))
def test_every_text_is_there_behind_its_key_and_found_again(body: dict[str, Any], id: ResourceId) -> None:
    text, begin = text_of(Resource(id=id, body=body)), 0
    found = leaves(body, ())
    assert len(text.ends) == len(found)
    for (place, value), end in zip(found, text.ends, strict=True):
        line = text.data[begin:end]
        assert line.startswith(f"{place[-1]}: ".encode("utf-8", "surrogatepass"))
        if id != SECRET or place[0] != "data":
            assert line == f"{place[-1]}: {value}\n".encode("utf-8", "surrogatepass")
        assert {text.place(offset) for offset in range(begin, end)} == {place}
        begin = end
    assert text.place(len(text.data)) == ()


def test_what_sops_wrote_is_sealed_where_it_left_its_metadata() -> None:
    cipher = "ENC[AES256_GCM,data:p673w==,iv:YY=,tag:A=,type:str]"
    body = {"data": {"a": cipher, "b": "plain"}, "sops": {"mac": "m", "age": [{"enc": "e"}]}}
    assert list(sealed(Resource(id=SECRET, body=body))) == [cipher, "m", "e"]
    assert list(sealed(Resource(id=SECRET, body={**body, "sops": "no mapping"}))) == []
