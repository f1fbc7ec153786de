"""A file with a JSON Schema of its own is validated in the pull request that changes it."""

import json

import pytest

from bot.cli.demo.stage import Stage
from tests.support.people import People

pytestmark = pytest.mark.timeout(180)

SCHEMA = {"type": "object", "properties": {"replicas": {"type": "integer"}}, "additionalProperties": False}


async def test_a_file_that_breaks_its_schema_fails_the_check(people: People, stage: Stage) -> None:
    number = await people.change(
        ("tidegate.yaml", "version: 1\n", "version: 1\nschemas: {ci/*.toml: ci/schema.json}\n")
    )
    branch = people.branch_of(number)
    await people.developer.write("ci/schema.json", json.dumps(SCHEMA), branch, "a schema")
    await people.developer.write("ci/app.toml", "# nothing yet\n", branch, "a file")
    await people.check_is(number, "success")
    await people.developer.merge(number)
    await people.comment_says(number, "was merged into")
    number = await people.change(("ci/app.toml", "# nothing yet\n", 'replicas = 1\n\nreplica = "2"\n'))
    await people.check_is(number, "failure")
    comment = await people.comment_says(number, "replica is not a field that ci/schema.json knows", "ci/app.toml:3")
    assert "did you mean replicas?" in comment
    await people.edit(people.branch_of(number), "ci/app.toml", 'replica = "2"\n', "")
    await people.check_is(number, "success")
