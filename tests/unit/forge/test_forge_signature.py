"""Only what was signed with the secret by HMAC-SHA256 gets in."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from bot.errors import RefusedError, SettingsError
from bot.forge.github import GitHubOptions
from bot.forge.github.signature import verify

SECRET = b"s" * 32
BODY = b'{"zen":"Design for failure."}'
GOOD = "sha256=" + hmac.new(SECRET, BODY, hashlib.sha256).hexdigest()
SHA1 = hmac.new(SECRET, BODY, hashlib.sha1).hexdigest()


@pytest.mark.parametrize("name", ["X-Hub-Signature-256", "x-hub-signature-256"])
def test_the_right_signature_is_accepted_under_any_case_of_the_name(name: str) -> None:
    verify(SECRET, {name: GOOD}, BODY)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-Signature": f"sha1={SHA1}"},
        {"X-Hub-Signature-256": f"sha1={SHA1}"},
        {"X-Hub-Signature-256": f"sha256={SHA1}"},
        {"X-Hub-Signature-256": "sha256=é"},
        {"X-Hub-Signature-256": "sha256=" + "é" * 64},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": GOOD[:-1]},
        {"X-Hub-Signature-256": f"{GOOD}, {GOOD}"},
        {"X-Hub-Signature-256": GOOD + "\n"},
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": [GOOD]},
        CIMultiDict([("X-Hub-Signature-256", GOOD), ("X-Hub-Signature-256", GOOD)]),
    ],
)
def test_anything_else_is_401(headers: dict[str, str]) -> None:
    with pytest.raises(RefusedError) as refused:
        verify(SECRET, headers, BODY)
    assert refused.value.status == 401


@given(st.binary(max_size=200), st.binary(min_size=32, max_size=64))
def test_a_signature_binds_the_body_and_the_secret(body: bytes, secret: bytes) -> None:
    header = {"X-Hub-Signature-256": "sha256=" + hmac.new(secret, body, "sha256").hexdigest()}
    verify(secret, header, body)
    for other_secret, other_body in ((secret, body + b"x"), (secret + b"x", body)):
        with pytest.raises(RefusedError):
            verify(other_secret, header, other_body)


@pytest.mark.parametrize("secret", [b"", b"s" * 31])
def test_a_guessable_secret_makes_no_adapter(secret: bytes) -> None:
    with pytest.raises(SettingsError, match="shorter than 32 bytes"):
        GitHubOptions(name="g", web_url="https://g", api_url="https://a", webhook_secret=secret, token="t")


def test_exactly_one_credential_is_needed() -> None:
    with pytest.raises(SettingsError, match="either app_id"):
        GitHubOptions(name="g", web_url="https://g", api_url="https://a", webhook_secret=SECRET)


def test_options_never_print_a_secret() -> None:
    options = GitHubOptions(name="g", web_url="w", api_url="a", webhook_secret=b"w" * 32, token="ghp_token")
    assert "wwww" not in repr(options)
    assert "ghp_token" not in repr(options)
