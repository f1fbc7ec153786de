"""Every setting: its name, its type, its default, and what it is for."""

import fnmatch
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

__all__ = [
    "KUBERNETES",
    "SECRETS",
    "SECRET_BYTES",
    "DirectorySettings",
    "GitHubSettings",
    "Intervals",
    "KubernetesSettings",
    "LogForm",
    "LoginSettings",
    "ProgramSettings",
    "RenderSettings",
    "RepositoryRule",
    "Settings",
    "Target",
]

SECRETS = ("private_key", "webhook_secret", "token")
SECRET_BYTES = 32
UNUSABLE_KEY = "is no key that can sign; give the PEM file that GitHub made, unchanged"
KUBERNETES = ("1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.37")
"""The minor versions whose schemas are shipped."""

LogForm = Literal["auto", "json", "text"]


class Strict(BaseModel):
    """Unknown keys are errors, and values do not change after the start."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def plain_url(value: str) -> str:
    """An http(s) URL without a slash at its end. ValueError: it is none, or has credentials in it."""
    if not value.startswith(("https://", "http://")) or "@" in value:
        raise ValueError("must be an http(s) URL without a user name in it")
    return value.rstrip("/")


class GitHubSettings(Strict):
    """A GitHub (or GitHub Enterprise Server) instance, reached as an App or with a personal access token."""

    kind: Literal["github"]
    web_url: str = Field("https://github.com", description="Where people and git reach the forge.")
    api_url: str = Field("https://api.github.com", description="The REST API's root.")
    app_id: int | None = Field(None, description="The GitHub App's id.")
    private_key: SecretStr | None = Field(None, description="The App's private key, PEM.")
    token: SecretStr | None = Field(None, description="A personal access token, instead of an App.")
    webhook_secret: SecretStr = Field(description=f"Signs every webhook; at least {SECRET_BYTES} bytes.")

    @field_validator("web_url", "api_url")
    @classmethod
    def addresses(cls, value: str) -> str:
        """Where requests go, with a credential of their own."""
        return plain_url(value)

    @field_validator("private_key")
    @classmethod
    def usable_key(cls, value: SecretStr | None) -> SecretStr | None:
        """Only an RSA key signs as GitHub has it (RS256)."""
        if value is None:
            return None
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(value.get_secret_value().encode(), None)
        except Exception:  # its own words may quote the key
            raise ValueError(UNUSABLE_KEY) from None
        if not isinstance(key, RSAPrivateKey):
            raise ValueError(UNUSABLE_KEY)
        return value

    @field_validator("webhook_secret")
    @classmethod
    def long_enough(cls, value: SecretStr) -> SecretStr:
        """A secret that can be guessed lets anybody write webhooks."""
        if len(value.get_secret_value().encode()) < SECRET_BYTES:
            raise ValueError(f"is shorter than {SECRET_BYTES} bytes; make one with `openssl rand -hex 32`")
        return value

    @model_validator(mode="after")
    def one_credential(self) -> "GitHubSettings":
        """Either an App (id and key) or a token."""
        app = self.app_id is not None and self.private_key is not None
        if app == (self.token is not None):
            raise ValueError("give either app_id with private_key_file, or token_file")
        return self


class KubernetesSettings(Strict):
    """The Kubernetes API that a target's manifests are meant for."""

    version: str = Field("1.36", description="Minor version, such as 1.36.")
    api_versions: tuple[str, ...] = Field((), description="Served beside Kubernetes' own, as Helm spells them.")
    crds: Path | None = Field(None, description="Folder of CustomResourceDefinitions that are there.")

    @field_validator("version", mode="before")
    @classmethod
    def known_version(cls, value: Any) -> Any:
        """Only versions whose schemas are shipped. YAML reads 1.36 without quotes as a number."""
        given = str(value) if isinstance(value, float) else value
        if isinstance(given, str) and given not in KUBERNETES:
            raise ValueError(f"there are no schemas of Kubernetes {given}; there are those of {', '.join(KUBERNETES)}")
        return given


class DirectorySettings(Strict):
    """A folder on this machine that holds one file per object."""

    kind: Literal["directory"]
    path: Path = Field(description="The folder; it is made if its parent exists.")
    kubernetes: KubernetesSettings = Field(
        default_factory=KubernetesSettings, description="The API that its manifests are meant for."
    )


class ProgramSettings(Strict):
    """Programs of the operator's, by name on PATH or by path; what is not there is not available."""

    kustomize: str = Field("kustomize", description="Builds Kustomize overlays.")
    kubectl: str = Field("kubectl", description="Builds them (`kubectl kustomize`) where kustomize is missing.")
    helm: str = Field("helm", description="Renders charts, version 3 or 4.")
    conftest: str = Field("conftest", description="Evaluates Rego policies.")
    opa: str = Field("opa", description="Evaluates them where conftest is missing.")
    sops: str = Field("sops", description="Decrypts what an environment asks to be decrypted, when it is applied.")


class LoginSettings(Strict):
    """A login for remote bases and charts that do not open to everybody."""

    match: str = Field(description="https:// or oci:// URLs, with `*` after the host, that it is sent to.")
    username: str = Field(min_length=1, description="The name; a forge's token often goes by any.")
    password_file: Path = Field(description="Holds the password or token; read whenever it is used.")

    @field_validator("match")
    @classmethod
    def named_host(cls, value: str) -> str:
        """Nothing but the host that is named may ever be shown a password, and nobody on the way to it."""
        if not re.fullmatch(r"(?:https|oci)://[a-z0-9.-]+(?::[0-9]+)?/[A-Za-z0-9._~+/*-]+", value):
            raise ValueError("must be https://HOST/PATH or oci://HOST/PATH with `*` in the path only")
        return value

    @field_validator("username")
    @classmethod
    def plain_name(cls, value: str) -> str:
        """A colon ends the name (RFC 7617)."""
        if ":" in value or not value.isprintable():
            raise ValueError("must be a name without a colon; the password has a file of its own")
        return value


class RenderSettings(Strict):
    """How foreign programs render, and what may come from elsewhere."""

    jail: Literal["required", "best-effort"] = Field("required", description="required: no jail, no render.")
    programs: ProgramSettings = Field(default_factory=ProgramSettings, description="Where the programs are.")
    seconds: float = Field(30, gt=0, description="Wall time of one render.")
    processor: float = Field(10, gt=0, description="Processor time of one render, in seconds.")
    memory: int = Field(1536, ge=64, description="Memory of one render, in MiB.")
    output: int = Field(64, ge=1, description="Output of one render, in MiB.")
    inflate: bool = Field(False, description="Whether Kustomize may inflate Helm charts that are in the repository.")
    bases: tuple[str, ...] = Field((), description="Git URLs, with `*`, that remote bases may come from.")
    charts: tuple[str, ...] = Field((), description="oci:// and https:// URLs, with `*`, that charts may come from.")
    logins: tuple[LoginSettings, ...] = Field((), description="Logins for bases and charts; the first match counts.")
    sops_age_key_file: Path | None = Field(None, description="age identities that decrypt what SOPS encrypted.")
    processes: int = Field(2, ge=1, le=64, description="Processes that render and check.")


class RepositoryRule(Strict):
    """Which repositories this server looks after, and which targets they may name."""

    match: str = Field(description="`<forge>:<owner>/<name>`, with `*` for any run of characters.")
    targets: tuple[str, ...] = Field((), description="Names of targets that these repositories may deploy to.")

    def matches(self, forge: str, path: str) -> bool:
        """Whether the rule is about that repository."""
        return fnmatch.fnmatchcase(f"{forge}:{path}".lower(), self.match.lower())


class Intervals(Strict):
    """How often things are looked at again, in seconds."""

    drift: float = Field(60, ge=0.2, description="Looking for drift where a target cannot watch, ± 20 %.")
    repository: float = Field(60, ge=0.2, description="Looking for what webhooks missed.")
    lease: float = Field(30, ge=2, description="How long a worker may hold a piece of work without renewing.")
    retry: float = Field(5, ge=0.1, description="First wait after a failure; doubled each time, at most 5 minutes.")


Target = Annotated[DirectorySettings, Field()]
ForgeSettings = Annotated[GitHubSettings, Field()]


class Settings(Strict):
    """Everything `tidegate serve` is told."""

    listen: str = Field("127.0.0.1:8080", description="Address and port to serve on.")
    public_url: str = Field("http://127.0.0.1:8080", description="Where people reach this server; links start with it.")
    store: str = Field("sqlite:///tidegate.db", description="SQLAlchemy URL: sqlite:///FILE or postgresql+psycopg://….")
    state_dir: Path = Field(Path("state"), description="Folder for git mirrors, charts and SQLite's large plans.")
    forges: dict[str, ForgeSettings] = Field(description="Forges by name; the webhook endpoint is /webhook/<name>.")
    targets: dict[str, Target] = Field(description="Targets by the name that tidegate.yaml uses.")
    repositories: tuple[RepositoryRule, ...] = Field(description="Repositories to look after; the first match counts.")
    intervals: Intervals = Field(default_factory=Intervals, description="How often things are looked at again.")
    render: RenderSettings = Field(default_factory=RenderSettings, description="How foreign programs render.")
    workers: int = Field(4, ge=1, le=64, description="Pieces of work done at the same time.")
    log: LogForm = Field("auto", description="auto: text on a terminal, JSON in a pipe.")

    @field_validator("store")
    @classmethod
    def known_store(cls, value: str) -> str:
        """A file, or PostgreSQL."""
        file = value.removeprefix("sqlite:///") if value.startswith("sqlite:///") else ""
        if file in ("", ":memory:") and not value.startswith("postgresql+psycopg://"):
            raise ValueError("must be sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE")
        return value

    @field_validator("public_url")
    @classmethod
    def beginning(cls, value: str) -> str:
        """What a path can be put behind."""
        return plain_url(value)

    @field_validator("listen")
    @classmethod
    def address(cls, value: str) -> str:
        """host:port."""
        host, _, port = value.rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65535:
            raise ValueError("must be ADDRESS:PORT, such as 127.0.0.1:8080")
        return value

    @model_validator(mode="after")
    def known_names(self) -> "Settings":
        """Rules may only name forges and targets that exist."""
        for rule in self.repositories:
            forge = rule.match.partition(":")[0]
            if forge not in self.forges and "*" not in forge:
                raise ValueError(f"repositories: {rule.match!r} names no forge of {sorted(self.forges)}")
            for target in rule.targets:
                if target not in self.targets:
                    raise ValueError(f"repositories: {rule.match!r} names target {target!r}, which is not defined")
        return self

    def rule(self, forge: str, path: str) -> RepositoryRule | None:
        """The rule about a repository, or None: then it is not ours."""
        return next((each for each in self.repositories if each.matches(forge, path)), None)
