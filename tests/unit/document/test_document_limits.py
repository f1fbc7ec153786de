"""Limits hold before anything is built, and hostile bytes get a clear error, quickly."""

from codecs import BOM_UTF16_BE

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.document import Limits, load_documents, load_json, readable
from bot.errors import DocumentError
from tests.support.soon import soon


@pytest.mark.parametrize("opening", ["[", "[\n", "- ", "{a: ", "{a: [", "? - ", "[" * 50 + "\n"])
def test_100_000_levels_are_refused_quickly(opening: str) -> None:
    with soon(2), pytest.raises(DocumentError):
        load_documents(opening.encode() * 100_000)


def test_deep_json_is_refused_quickly() -> None:
    with pytest.raises(DocumentError, match="more than 64 lists and mappings are nested"):
        load_json(b"[" * 1_000_000)


def test_depth_limit_is_exact() -> None:
    assert load_documents(b"[" * 64 + b"]" * 64)
    with pytest.raises(DocumentError, match="nested in one another"):
        load_documents(b"[" * 65 + b"]" * 65)


def test_depth_counts_through_aliases() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 100)]
    with pytest.raises(DocumentError, match="nested through aliases") as caught:
        load_documents("\n".join(lines).encode())
    assert caught.value.line == 64


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [{deep}, []]\nb: [[*a]]\n",
        "a: &a {deep}\nb: &b [*a, 1]\nc: [[*b]]\n",
        "a: &a {deep}\nb: &b [*a, []]\nc: [[*b]]\n",
        "a: &a {{k: {deep}, l: 1}}\nb: [[*a]]\n",
    ],
)
def test_depth_through_aliases_is_that_of_the_deepest_part(text: str) -> None:
    load_documents(text.format(deep="[" * 60 + "]" * 60).encode())
    with pytest.raises(DocumentError, match="nested through aliases"):
        load_documents(text.format(deep="[" * 61 + "]" * 61).encode())


def test_alias_bomb() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    with pytest.raises(DocumentError, match="stands for more than 500,000 keys and values, aliases included"):
        load_documents("\n".join(lines).encode())


def test_merge_key_bomb() -> None:
    lines = ["a0: &a0 {k: v}"] + [f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}], k{i}: v}}" for i in range(1, 40)]
    with soon(1), pytest.raises(DocumentError, match="aliases included"):
        load_documents("\n".join(lines).encode())


def test_merging_a_large_mapping_often_is_counted() -> None:
    large = ", ".join(f"k{i}: v" for i in range(1000))
    text = f"l: &l {{{large}}}\nall:\n" + "".join(f"- {{<<: *l, n: {i}}}\n" for i in range(100))
    with pytest.raises(DocumentError, match="aliases included"):
        load_documents(text.encode(), Limits(nodes=200_000))


def test_number_of_aliases() -> None:
    def text(count: int) -> bytes:
        return f"a: &a 1\nb: [{', '.join(['*a'] * count)}]\n".encode()

    assert load_documents(text(200))
    with pytest.raises(DocumentError, match="more than 200 aliases"):
        load_documents(text(201))


def test_alias_within_its_own_anchor() -> None:
    with pytest.raises(DocumentError, match="inside its own anchor"):
        load_documents(b"a: &a\n  b: *a\n")


def test_size_and_node_limits() -> None:
    with pytest.raises(DocumentError, match="at most 10 are read"):
        load_documents(b"a: 1234567890", Limits(size=10))
    with pytest.raises(DocumentError, match="more than 5 keys and values"):
        load_documents(b"[1, 2, 3, 4, 5]", Limits(nodes=5))
    with pytest.raises(DocumentError, match="more than 5 keys and values"):
        load_documents(b"---\n" * 6, Limits(nodes=5))


@pytest.mark.parametrize(
    ("data", "message", "place"),
    [
        (b"a: 1\nb: \xff", "not valid UTF-8", (2, 4)),
        (b"a: \xc3\xa4 \x00", r"U\+0000", (1, 6)),
        (b"a: \x1b[31m", r"U\+001B", (1, 4)),
        (b"a: \x7f", r"U\+007F", (1, 4)),
        (b"\xef\xbb\xbfa: \xff", "not valid UTF-8", (1, 4)),
        ("a: \ufffe".encode(), r"U\+FFFE", (1, 4)),
        (b"\xff\xfea\x00:\x00 \x00\x00\xd8", "not valid UTF-16-LE", (1, 4)),
        (b"\xff\xfe\x00\x00a\x00\x00\x00", r"U\+0000", (1, 1)),
        (b"a:\n\tb: 1\n", "a tab cannot indent", (2, 1)),
        (b"a: [1\nb: 2\n", "not valid YAML", (2, 2)),
        (b"a: 'x\n", "not valid YAML", (2, 1)),
        (b"a: b: c\n", "not valid YAML", (1, 5)),
        (b'a: "\\ud800"\n', "not valid YAML", (1, 7)),
    ],
)
def test_malformed(data: bytes, message: str, place: tuple[int, int]) -> None:
    with pytest.raises(DocumentError, match=message) as caught:
        load_documents(data)
    assert (caught.value.line, caught.value.column) == place


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_byte_order_marks(encoding: str) -> None:
    (document,) = load_documents("grüße: '日本'\n".encode(encoding))
    assert document.value == {"grüße": "日本"}
    assert document.locate(("grüße",)) == (1, 1)
    assert readable("grüße: '日本'\n".encode(encoding)) == "grüße: '日本'\n"


def test_bytes_of_utf_16_may_stand_in_either_order() -> None:
    assert load_documents(BOM_UTF16_BE + "a: é".encode("utf-16-be"))[0].value == {"a": "é"}


@pytest.mark.parametrize("load", [load_documents, load_json])
@given(data=st.binary(max_size=200))
def test_any_bytes_give_documents_or_a_document_error(load: object, data: bytes) -> None:
    try:
        assert callable(load)
        load(data)
    except DocumentError as error:
        assert error.line >= 1
        assert error.column >= 1
        assert "\n" not in error.message


TOKENS = st.sampled_from(
    [
        *"[]{},:-?&*!|>%@`'\"#=~<",
        "<<: ",
        "&a ",
        "*a",
        "!!int ",
        "- ",
        "\n",
        "  ",
        "a",
        "b: ",
        "1",
        ".inf",
        "---\n",
        "...\n",
        "\t",
        "null",
    ]
)


@pytest.mark.parametrize("load", [load_documents, load_json])
@given(parts=st.lists(TOKENS, max_size=40))
def test_any_text_gives_documents_or_a_document_error(load: object, parts: list[str]) -> None:
    assert callable(load)
    try:
        documents = load("".join(parts).encode())
    except DocumentError:
        return
    for document in documents:
        assert document.locate(()) >= (document.line, 1)
        if isinstance(document.value, dict):
            for key in document.value:
                assert document.locate((key,)) != (0, 0)
