"""Policies, bindings and objects for the tests of the check `policies`, and what it finds."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from textwrap import dedent, indent
from typing import Any

from bot.check.policies import Policies
from bot.document import load_documents
from bot.model.environment import Environment, Source
from bot.model.examined import Examined
from bot.model.finding import Finding
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.resource import Resource
from bot.render.manifests import resources_of
from tests.support.trees import tree

__all__ = ["ANY", "ENVIRONMENT", "NAMESPACE", "WEB", "binding", "judged", "levels", "policy", "resources"]

TODAY = date(2027, 1, 1)
ENVIRONMENT = Environment(
    id=EnvironmentId(repository=RepositoryId(forge="github", number=1, path="acme/shop"), name="prod"),
    source=Source(path="envs/prod"), target="prod", apply="never", policies=("policies",),
)  # fmt: skip
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels: {tier: front}
spec:
  replicas: 5
"""
NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: a}}
"""
ANY = "{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*']"
"""A rule for every object; the brace is left open for more."""


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


def judged(
    text: str,
    files: dict[str, str] | None = None,
    objects: str | tuple[Resource, ...] = WEB,
    seconds: float = 60.0,
    **more: Any,
) -> Sequence[Finding]:
    """The findings about objects on 2027-01-01, where the policy folder holds one file of this text."""
    environment = replace(ENVIRONMENT, **{key: more.pop(key) for key in list(more) if hasattr(ENVIRONMENT, key)})
    given = resources(objects) if isinstance(objects, str) else objects
    files = {"policies/p.yaml": text, **(files or {})}
    examined = Examined(environment=environment, resources=given, policies=more.pop("tree", tree(files)), **more)
    return asyncio.run(Policies(lambda: TODAY, seconds).run(examined))


def levels(*args: Any, **kwargs: Any) -> list[str]:
    """Their levels alone."""
    return [each.level for each in judged(*args, **kwargs)]
