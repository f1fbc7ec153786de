"""The check `schemas`: objects, and files that are none, have the fields and values that they may have.

`native` judges Kubernetes' own kinds by what each of its versions publishes, `custom` what CustomResourceDefinitions
describe, `files` any YAML, JSON or TOML file by a JSON Schema of the repository.
"""

from bot.check.schemas.check import Schemas
from bot.check.schemas.custom.definitions import CRD, defined
from bot.check.schemas.tell import once_per_kind

__all__ = ["CRD", "Schemas", "defined", "once_per_kind"]
