"""What is wrong with a setting, in words of the file."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from bot.settings.model import SECRETS, Settings

__all__ = ["describe"]

WORDS = {
    "missing": "is missing",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "tuple_type": "must be a list",
    "string_type": "must be text",
    "path_type": "must be a path",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "must be a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "must be a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
}
"""pydantic's own words for these speak of Python (https://docs.pydantic.dev/latest/errors/validation_errors/)."""


def describe(error: ValidationError) -> list[str]:
    """pydantic's findings, one line each, as `key.of.it: what is wrong`."""
    lines = []
    for each in error.errors(include_input=False, include_url=False):
        where = ".".join(str(part) for part in each["loc"])
        if each["type"] == "extra_forbidden":
            near = get_close_matches(str(each["loc"][-1]), known_keys(each["loc"]), n=1)
            text = "is not a known key" + (f"; did you mean {near[0]!r}?" if near else "")
        else:
            text = WORDS.get(each["type"]) or each["msg"].removeprefix("Value error, ").replace("Input should", "must")
        lines.append(f"{where}: {text}" if where else text)
    return lines


def known_keys(place: Sequence[int | str]) -> list[str]:
    """The keys that may stand where an unknown one was found."""
    model: type[BaseModel] = Settings
    for part in place[:-1]:
        if part in model.model_fields:  # else a name that the operator gave, or a number in a list
            model = model_in(model.model_fields[str(part)].annotation) or model
    secrets = (f"{each}_file" for each in SECRETS if each in model.model_fields)
    return [*model.model_fields, *secrets]


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a field holds, or holds several of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := model_in(each))), None)
