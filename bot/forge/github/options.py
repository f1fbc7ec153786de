"""What the adapter must be told: where GitHub is, and the secrets that prove who speaks."""

from dataclasses import field
from urllib.parse import urlsplit

from bot.errors import SettingsError
from bot.model.noun import noun

__all__ = ["GitHubOptions"]

SECRET_BYTES = 32


@noun
class GitHubOptions:
    """One GitHub: either an App (`app_id` and its `private_key`, PEM) or a personal access `token`.

    `web_url` is where people and git go, `api_url` the REST API's root; neither ends in a slash. `webhook_secret` signs
    every webhook. SettingsError: a secret that can be guessed, or not exactly one credential.
    """

    name: str
    web_url: str
    api_url: str
    webhook_secret: bytes = field(repr=False)
    app_id: int | None = None
    private_key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Refuse what would let anybody in, whoever builds the value."""
        problems = []
        if len(self.webhook_secret) < SECRET_BYTES:
            problems.append(f"forges.{self.name}.webhook_secret: is shorter than {SECRET_BYTES} bytes")
        if (self.app_id is not None and bool(self.private_key)) == bool(self.token):
            problems.append(f"forges.{self.name}: give either app_id with its private key, or a token")
        if problems:
            raise SettingsError(problems)

    @property
    def noreply_domain(self) -> str:
        """The domain of the addresses that stand for accounts: `<id>+<login>@users.noreply.<host>`.

        A forge reached by a bare address or as localhost has no domain of its own, and github.com's is taken.
        """
        host = urlsplit(self.web_url).hostname or ""
        named = "." in host and not host.replace(".", "").isdecimal()
        return f"users.noreply.{host if named else 'github.com'}"
