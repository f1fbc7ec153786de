"""All tables. Times are UTC as ISO 8601 text of fixed width, so that their order is the order of time everywhere."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

__all__ = ["as_text", "as_time", "metadata"]

metadata = MetaData()


def as_text(at: datetime) -> str:
    """A time as it is stored. ValueError: it has no zone."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def as_time(text: str) -> datetime:
    """A stored time."""
    return datetime.fromisoformat(text)


class Words(TypeDecorator[str]):
    """Text that people wrote. What a database cannot hold (NUL, half a surrogate pair) becomes U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text as it can be stored."""
        del dialect
        if value is None:
            return None
        if value.isascii() and "\0" not in value:
            return value
        return value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def table(name: str, *parts: Column[object] | Index | UniqueConstraint) -> Table:
    """A table of this store."""
    return Table(name, metadata, *parts)


def text(name: str, *, primary: bool = False, null: bool = False) -> Column[object]:
    """A text column; required unless `null`."""
    return Column(name, Words, primary_key=primary, nullable=null)


def number(name: str, *, null: bool = False) -> Column[object]:
    """A whole number of 64 bits."""
    return Column(name, BigInteger, nullable=null)


def serial() -> Column[object]:
    """A rising number that the database gives."""
    return Column("id", Integer, primary_key=True, autoincrement=True)


meta = table("meta", text("key", primary=True), text("value"))

servers = table("servers", text("owner", primary=True), text("toolchain"), text("seen"))

deliveries = table(
    "deliveries", text("forge", primary=True), text("delivery", primary=True), text("event"), text("wakes"), text("at")
)

queue = table(
    "queue",
    text("key", primary=True),
    text("kind"),
    number("wanted"),
    number("done"),
    number("epoch"),
    number("attempts"),
    text("owner"),
    text("lease_until", null=True),
    text("due", null=True),
    text("taken"),
    text("reason"),
    text("error"),
)

repositories = table(
    "repositories",
    Column("forge", String(63), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    text("path"),
    text("default_branch"),
    number("private"),
    text("base_head", null=True),
    text("watermark"),
    text("adopted_at"),
)

environments = table(
    "environments",
    text("uid", primary=True),
    text("forge"),
    number("repository"),
    text("name"),
    text("state"),
    text("description", null=True),
    text("applied", null=True),
    text("looked", null=True),
    text("health"),
    text("partial"),
    text("asked", null=True),
    text("created_at"),
    UniqueConstraint("forge", "repository", "name"),
)

healthy = table(
    "healthy",
    Column("environment", ForeignKey("environments.uid"), primary_key=True),
    text("digest", primary=True),
    text("at"),
)

pulls = table(
    "pulls",
    Column("forge", String(63), primary_key=True),
    Column("repository", BigInteger, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    text("title"),
    text("state"),
    text("head"),
    text("base"),
    text("merge_commit", null=True),
    text("merged_at", null=True),
    text("author"),
    text("people"),
    text("strangers"),
    text("planned_fork", null=True),
    text("asked", null=True),
    text("updated_at"),
)
Index("pulls_by_merge", pulls.c.forge, pulls.c.repository, pulls.c.merge_commit)

commands = table(
    "commands",
    text("forge", primary=True),
    text("remark", primary=True),
    text("thread"),
    text("author"),
    text("body"),
    text("written_at"),
    text("changed_at"),
    number("edited"),
    text("origin"),
    text("state"),
    number("accepted"),
    text("command"),
    text("answer"),
    text("found_at"),
    text("decided_at", null=True),
)
Index("commands_by_thread", commands.c.thread, commands.c.written_at)

approvals = table(
    "approvals",
    serial(),
    text("remark"),
    text("environment"),
    text("thread"),
    text("desired"),
    text("objects"),
    text("destroys"),
    text("person"),
    number("person_id"),
    text("how"),
    text("at"),
    text("withdrawn_at", null=True),
    text("spent_at", null=True),
    UniqueConstraint("remark", "environment", "how"),
)

plans = table(
    "plans",
    serial(),
    text("thread"),
    text("environment"),
    text("digest"),
    text("head"),
    text("objects"),
    text("destroys"),
    text("body"),
    text("fingerprint"),
    text("made_at"),
    text("published_at", null=True),
    text("left_at", null=True),
)
Index("plans_by_thread", plans.c.thread, plans.c.environment)

holds = table(
    "holds", serial(), text("environment"), text("person"), text("reason"), text("at"), text("released_at", null=True)
)

journal = table(
    "journal",
    serial(),
    text("environment"),
    number("epoch"),
    text("revision"),
    text("digest"),
    text("plan"),
    text("riders"),
    number("repair"),
    text("state"),
    text("error"),
    text("began_at"),
    text("ended_at", null=True),
)
Index("journal_by_environment", journal.c.environment)

results = table(
    "results",
    serial(),
    Column("journal", ForeignKey("journal.id"), nullable=False),
    text("object"),
    text("action"),
    text("state"),
    text("error"),
    number("unnamed"),
    text("at"),
)
Index("results_by_journal", results.c.journal)

posted = table("posted", text("thread", primary=True), text("value"))

outcomes = table("outcomes", serial(), text("thread"), text("key"), text("body"), UniqueConstraint("thread", "key"))

audit = table("audit", serial(), text("at"), text("actor"), text("what"), text("subject"), text("detail"))
