"""Objects as an API server shows them to policies: custom resources with the defaults of their definitions.

No definition says anything of Kubernetes' own kinds: an API server takes none of what is its own.

https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting
"""

from collections.abc import Mapping
from typing import Any

from bot.check.policies.shown import shown
from bot.check.schemas.custom.definitions import definitions_of
from bot.check.schemas.custom.formats import string_formats
from bot.check.schemas.custom.settle import settled, without_nulls
from bot.check.schemas.custom.structural import Refused, json_schema
from bot.model.examined import Examined
from bot.model.groups import is_own_group

__all__ = ["Customs"]


class Customs:
    """The custom resources of one environment; what is found of a kind is found once."""

    def __init__(self, examined: Examined) -> None:
        self.definitions = definitions_of(examined)
        self.version = examined.kubernetes.version
        self.formats = string_formats(self.version)
        self._schemas: dict[tuple[str, str], Mapping[str, Any] | None] = {}

    def shown(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """An object, custom or not, as the API server has it before any policy sees it."""
        return shown(self.settled(body), self.version)

    def settled(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The object with its defaults, and with those nulls alone that its definition takes.

        Without any null where no definition that can be used describes it; the same object where it is no custom one.
        """
        type = str(body.get("apiVersion")), str(body.get("kind"))
        if is_own_group(type[0].rpartition("/")[0]):
            return body
        if type not in self._schemas:
            self._schemas[type] = self.schema(*type)
        schema = self._schemas[type]
        made: Mapping[str, Any] = without_nulls(body) if schema is None else settled(body, schema, embedded=True)
        return made

    def schema(self, api_version: str, kind: str) -> Mapping[str, Any] | None:
        """The structural schema of a version of a kind; None: there is none that is sound."""
        group, _, name = api_version.rpartition("/")
        definition = self.definitions.get((group, kind))
        version = definition.version(name) if definition else None
        schema = version[1].get("schema") if version else None
        wanted = schema.get("openAPIV3Schema") if isinstance(schema, Mapping) else None
        try:
            json_schema(wanted, self.formats)
        except Refused:
            return None
        return wanted if isinstance(wanted, Mapping) else None
