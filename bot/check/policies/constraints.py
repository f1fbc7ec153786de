"""`matchConstraints` of a policy and `matchResources` of a binding: which requests they are about.

https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/validating-admission-policy-v1/
"""

from bot.check.policies.reader import Reader
from bot.check.policies.selector import EVERYTHING, Selector, read_selector
from bot.model.noun import noun

__all__ = ["ALL", "Constraints", "ResourceRule", "read_constraints"]

OPERATIONS = ("*", "CREATE", "UPDATE", "DELETE", "CONNECT")


@noun
class ResourceRule:
    """Requests of these groups, versions, resources and operations ("*" is any), by name where `names` has any."""

    operations: tuple[str, ...]
    groups: tuple[str, ...]
    versions: tuple[str, ...]
    resources: tuple[str, ...]
    scope: str = "*"
    names: tuple[str, ...] = ()


@noun
class Constraints:
    """Requests that fit one of `rules` (None: any request), none of `excluded`, and both selectors.

    `exact`: a rule is not met by another version of the same resource. `by_name`: some rule names objects.
    """

    rules: tuple[ResourceRule, ...] | None = None
    excluded: tuple[ResourceRule, ...] = ()
    namespaces: Selector = EVERYTHING
    objects: Selector = EVERYTHING
    exact: bool = False
    by_name: bool = False


ALL = Constraints()


def read_constraints(reader: Reader | None) -> Constraints:
    """The constraints that a document describes; none there: every request."""
    if reader is None:
        return ALL
    reader.only("resourceRules", "excludeResourceRules", "namespaceSelector", "objectSelector", "matchPolicy")
    rules = tuple(read_rule(each) for each in reader.parts("resourceRules"))
    excluded = tuple(read_rule(each) for each in reader.parts("excludeResourceRules"))
    return Constraints(
        rules=rules or None,
        excluded=excluded,
        namespaces=read_selector(reader.part("namespaceSelector")),
        objects=read_selector(reader.part("objectSelector")),
        exact=reader.choice("matchPolicy", ("Exact", "Equivalent"), "Equivalent") == "Exact",
        by_name=any(each.names for each in (*rules, *excluded)),
    )


def read_rule(reader: Reader) -> ResourceRule:
    """One rule."""
    reader.only("operations", "apiGroups", "apiVersions", "resources", "scope", "resourceNames")
    for key in ("apiGroups", "apiVersions", "resources"):
        if not reader.texts(key):
            raise reader.refused(key, "is missing")
    return ResourceRule(
        operations=reader.choices("operations", OPERATIONS),
        groups=reader.texts("apiGroups"),
        versions=reader.texts("apiVersions"),
        resources=reader.texts("resources"),
        scope=reader.choice("scope", ("*", "Cluster", "Namespaced"), "*"),
        names=reader.texts("resourceNames"),
    )
