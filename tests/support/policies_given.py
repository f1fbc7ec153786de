"""Policies, bindings and trees for the tests of the check `policies`."""

from textwrap import dedent, indent

from bot.document import load_documents
from bot.model.resource import Resource
from bot.render.manifests import resources_of

__all__ = ["binding", "policy", "resources"]


def policy(
    expression: str = "object.spec.replicas <= 3",
    name: str = "few",
    rules: str = "{apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}",
    more: str = "",
    said: str = "message: too many replicas",
    constraints: str = "",
    annotations: str = "{}",
) -> str:
    """A policy; `more` are further lines of its spec, `constraints` of its matchConstraints."""
    text = f"""\
        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingAdmissionPolicy
        metadata: {{name: {name}, annotations: {annotations}}}
        spec:
          matchConstraints:
            resourceRules: [{rules}]
        CONSTRAINTS
          validations:
            - expression: {expression!r}
        SAID
        MORE
        """
    text = dedent(text).replace("SAID", indent(said, "      "))
    lines = text.replace("CONSTRAINTS\n", indent(dedent(constraints), "    ") + "\n" if constraints else "")
    return lines.replace("MORE\n", indent(dedent(more), "  ") + "\n" if more else "")


def binding(name: str = "few", actions: str = "[Deny]", more: str = "") -> str:
    """A binding; `more` are further lines of its spec."""
    text = f"""\
        ---
        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingAdmissionPolicyBinding
        metadata: {{name: {name}}}
        spec:
          policyName: {name}
          validationActions: {actions}
        MORE
        """
    return dedent(text).replace("MORE\n", indent(dedent(more), "  ") + "\n" if more else "")


def resources(text: str, path: str = "app.yaml") -> tuple[Resource, ...]:
    """The resources of a YAML text."""
    documents = load_documents(dedent(text).encode())
    found = [each for one in documents for each in resources_of(path, one.value, one.line, one.locate)]
    kept = [each for each in found if isinstance(each, Resource)]
    assert kept == found
    return tuple(kept)
