"""Who calls: App JWTs, installation tokens, personal tokens.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.localforge.core import Core
from bot.localforge.errors import ApiError
from bot.localforge.rows import Account, Token

__all__ = ["Actor", "app_of_jwt", "by_token", "installation_token", "new_private_key", "personal_token"]

TOKEN_LIFE = timedelta(hours=1)
JWT_LIFE = timedelta(minutes=10)
CLOCK_SKEW = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Actor:
    """A caller: its account, by which kind of credential, and for installation tokens of which installation."""

    account: Account
    kind: Literal["app", "installation", "user"]
    token: Token | None = None

    def reaches(self, repository: int, owner: int, installed_on: int | None) -> bool:
        """Whether the credential is for that repository at all; what it may do there is the account's right."""
        if self.token is None or self.token.installation is None:
            return self.kind == "user"
        listed = self.token.repositories
        return owner == installed_on and (listed is None or repository in listed)


def new_private_key() -> str:
    """An RSA key as PEM, as GitHub hands it to an App's owner."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return pem.decode()


@cache
def _public_key(pem: str) -> rsa.RSAPublicKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("the App's key is no RSA key")
    return key.public_key()


def app_of_jwt(core: Core, text: str) -> Actor:
    """The App that signed a JWT. ApiError 401, worded as GitHub words it."""
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_iss": False}
    try:
        claims = jwt.decode(text, _public_key(core.app.private_key), algorithms=["RS256"], options=options)
        issued = datetime.fromtimestamp(float(claims["iat"]), UTC)
        expires = datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise ApiError(401, "A JSON web token could not be decoded") from error
    now = core.clock()
    if issued > now + CLOCK_SKEW:
        raise ApiError(
            401, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
        )
    if expires <= now:
        raise ApiError(401, "'Expiration time' claim ('exp') must be a numeric value representing the future time")
    if expires > now + JWT_LIFE + CLOCK_SKEW:
        raise ApiError(401, "'Expiration time' claim ('exp') is too far in the future")
    if str(claims.get("iss")) not in (str(core.app.id), f"Iv1.{core.app.id:016x}"):
        raise ApiError(401, "Integration not found")
    return Actor(core.bot, "app")


def installation_token(core: Core, installation: int, repositories: list[int] | None) -> Token:
    """A token of an hour for an installation, for all or only some of its repositories; long, with dots, as GitHub's.

    https://github.blog/changelog/2026-05-15-github-app-installation-tokens-per-request-override-header/
    """
    head, claims, proof = (secrets.token_urlsafe(size) for size in (24, 108, 256))
    expires = (core.clock().astimezone(UTC) + TOKEN_LIFE).strftime("%Y-%m-%dT%H:%M:%SZ")
    row = Token(
        id=core.state.next_id(),
        secret=f"ghs_{core.app.id}_{head}.{claims}.{proof}",
        account=core.bot.id,
        installation=installation,
        repositories=repositories,
        expires_at=expires,
    )
    core.state.tokens.put(row)
    for each in core.state.tokens:
        if each.expires_at is not None and each.expires_at < core.now():
            core.state.tokens.drop(each.id)
    return row


def personal_token(core: Core, account: Account) -> Token:
    """The personal token of somebody, the same each time."""
    for each in core.state.tokens:
        if each.account == account.id and each.expires_at is None:
            return each
    row = Token(id=core.state.next_id(), secret=f"ghp_{secrets.token_hex(18)}", account=account.id)
    return core.state.tokens.put(row)


def by_token(core: Core, text: str) -> Actor | None:
    """Who a token belongs to; None for one that is unknown or has expired."""
    for each in core.state.tokens:
        if each.secret and secrets.compare_digest(each.secret.encode(), text.encode()):
            if each.expires_at is not None and each.expires_at <= core.now():
                return None
            return Actor(core.known(each.account), "user" if each.installation is None else "installation", each)
    return None
