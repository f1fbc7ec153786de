"""Label selectors, as `metav1.LabelSelector` has them.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/label-selector/
"""

from collections.abc import Mapping
from typing import Any, Literal

from bot.check.policies.reader import Reader
from bot.model.noun import noun

__all__ = ["EVERYTHING", "Requirement", "Selector", "labels_of", "read_selector"]

Operator = Literal["In", "NotIn", "Exists", "DoesNotExist"]
OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


@noun
class Requirement:
    """One thing that is asked of labels; `values` are those of In and NotIn."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def met(self, labels: Mapping[str, str]) -> bool:
        """Whether labels are as asked. NotIn is met where there is no such label."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return self.key not in labels or labels[self.key] not in self.values
            case "Exists":
                return self.key in labels
        return self.key not in labels


@noun
class Selector:
    """All requirements must be met; none selects everything."""

    requirements: tuple[Requirement, ...] = ()

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether something with these labels is selected."""
        return all(each.met(labels) for each in self.requirements)

    @property
    def keys(self) -> frozenset[str]:
        """The labels that it depends on."""
        return frozenset(each.key for each in self.requirements)


EVERYTHING = Selector()


def read_selector(reader: Reader | None) -> Selector:
    """The selector that a document describes; none there: everything."""
    if reader is None:
        return EVERYTHING
    reader.only("matchLabels", "matchExpressions")
    found = []
    labels = reader.part("matchLabels")
    for key in labels.value if labels else ():
        assert labels is not None
        found.append(Requirement(key=key, operator="In", values=(labels.text(key, ""),)))
    for each in reader.parts("matchExpressions"):
        each.only("key", "operator", "values")
        operator, values = each.choice("operator", OPERATORS), each.texts("values")
        if (operator in ("In", "NotIn")) != bool(values):
            raise each.refused("values", "is missing" if not values else f"must be empty with {operator}")
        found.append(Requirement(key=each.text("key"), operator=operator, values=values))
    return Selector(requirements=tuple(found))


def labels_of(body: Mapping[str, Any] | None) -> Mapping[str, str]:
    """An object's labels."""
    metadata = body.get("metadata") if body else None
    labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
    return labels if isinstance(labels, Mapping) else {}
