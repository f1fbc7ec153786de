"""Files with a schema: a change is judged by the schemas of its base, and only for what it touches."""

from collections.abc import Mapping

import pytest

from bot.flow.evaluate import InProcess
from bot.flow.files import validated
from bot.model.environment import Configuration
from tests.support.alone import KEY
from tests.support.trees import loaded, tree

PAIRED = Configuration(schemas={"*.yaml": "schema.json"})
STRICT, LOOSE = '{"type": "object", "required": ["a"]}', "{}"
GOOD, BAD = "a: 1\n", "b: 1\n"


@pytest.mark.parametrize(
    ("base", "head", "wrong"),
    [
        ((STRICT, GOOD), (STRICT, BAD), True),
        ((STRICT, GOOD), (LOOSE, BAD), True),
        ((LOOSE, GOOD), (STRICT, BAD), False),
        ((STRICT, BAD), (LOOSE, BAD), False),
        ((STRICT, BAD), (STRICT, BAD), False),
    ],
)
async def test_a_change_is_not_its_own_judge(base: tuple[str, str], head: tuple[str, str], wrong: bool) -> None:
    def files(schema: str, text: str) -> Mapping[str, str]:
        return {"schema.json": schema, "x.yaml": text}

    found = await validated(InProcess((), ()), loaded, KEY, PAIRED, tree(files(*base)), tree(files(*head)))
    assert bool(found) is wrong
