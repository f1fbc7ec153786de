"""kill -9 in the middle of an apply, and the branch is taken back before the server is up again."""

import pytest

from bot.cli.demo.stage import Stage
from tests.support.people import People, holding

pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("servers")]

CONFIG = "envs/dev/config.yaml"
MANY = 400
"""Objects: an apply of that many takes much longer than it takes to see its first one and kill the server."""


def settings(value: str) -> str:
    """As many documents, each with the value."""
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: "
    each = "\n---\n" + head + "{{name: many-{}, namespace: shop-dev}}\ndata: {{at: {}}}"
    return "".join(each.format(number, value) for number in range(MANY))


async def test_what_a_killed_apply_left_is_undone_where_drift_is_only_reported(people: People, stage: Stage) -> None:
    text, _ = await people.developer.read("tidegate.yaml", "main")
    dev = text[: text.index("  staging:")]
    config, _ = await people.developer.read(CONFIG, "main")
    first = await people.change(
        ("tidegate.yaml", dev, dev.replace("drift: revert", "drift: report")),
        (CONFIG, config, config + settings("before")),
    )
    await people.merge(first)
    await people.folder_shows("dev", lambda objects: counted(objects, "before") == MANY)
    second = await people.change((CONFIG, "{at: before}", "{at: after}"))
    await people.merge(second)
    await people.folder_shows("dev", holding("at: after"))
    stage.place.kill()
    assert counted(stage.place.objects("dev"), "after") < MANY, "the apply came to its end"
    await people.developer.write(CONFIG, config + settings("before"), "main", "taken back")
    await people.folder_shows("dev", lambda objects: counted(objects, "before") == MANY)


def counted(objects: dict[str, str], value: str) -> int:
    """How many of a folder's files hold a value."""
    return sum(f"at: {value}" in each for each in objects.values())
