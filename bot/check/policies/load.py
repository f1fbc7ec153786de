"""The policies that an environment is judged by: those of the folders it names, and those that are shipped."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import field
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from typing import Any

from bot.check.policies.binding import Binding, read_binding
from bot.check.policies.policy import Policy, read_policy
from bot.check.policies.reader import Place, Reader, Refused
from bot.check.rego.gather import is_rego
from bot.document import load_documents
from bot.document.value import Document
from bot.errors import DocumentError, TreeError
from bot.model.environment import CONFIGURATION
from bot.model.noun import noun
from bot.model.tree import SUBMODULE, SYMLINK, Tree

__all__ = ["SHIPPED", "Contents", "Problem", "contents_of", "shipped_names"]

SHIPPED = "builtin:"
ENDINGS = (".yaml", ".yml", ".json")
GROUP = "admissionregistration.k8s.io/"
VERSIONS = (f"{GROUP}v1", f"{GROUP}v1beta1")
INCLUDES = "tidegate.dev/includes"


@noun
class Problem:
    """Something that keeps policies from being evaluated; `policy` is the name of the one that it is about, or ""."""

    message: str
    fix: str
    place: Place
    policy: str = ""


@noun
class Contents:
    """What one or more files hold. `others` are the objects that policies may be set up by."""

    policies: tuple[Policy, ...] = ()
    bindings: tuple[Binding, ...] = ()
    others: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    problems: tuple[Problem, ...] = ()


def contents_of(sources: tuple[str, ...], tree: Tree | None) -> Contents:
    """Everything that the sources of an environment hold: folders of the tree, and `builtin:` names."""
    found: list[Contents] = []
    for source in sources:
        if source.startswith(SHIPPED):
            found += shipped(source.removeprefix(SHIPPED), frozenset())
        else:
            found += folder(source, tree)
    whole = joined(found)
    return joined([whole, Contents(problems=tuple(doubled(whole)) + tuple(dangling(whole)))])


def joined(several: list[Contents]) -> Contents:
    """All contents as one; a file that two sources name counts once."""
    once = list({id(each): each for each in several}.values())
    return Contents(
        policies=tuple(each for one in once for each in one.policies),
        bindings=tuple(each for one in once for each in one.bindings),
        others=tuple(each for one in once for each in one.others),
        problems=tuple(each for one in once for each in one.problems),
    )


def folder(path: str, tree: Tree | None) -> Iterator[Contents]:
    """The files below a folder of the revision that policies are read from."""
    entries = tree.under(posixpath.normpath(path)) if tree else ()
    if tree is None or not entries:
        message = (
            f"the policies of {path} were not evaluated: the revision that policies are read from has nothing there"
        )
        yield problem(message, "correct `policies` in tidegate.yaml, or merge the policies first", CONFIGURATION)
        return
    held = []
    for entry in entries:
        # a link or a submodule may stand for a folder of policies, whatever it is called
        if entry.path.endswith(ENDINGS) or entry.mode in (SYMLINK, SUBMODULE):
            try:
                held.append(parsed(entry.path, tree.read(entry.path)))
            except TreeError as error:
                held.append(
                    problem(f"a policy file cannot be read: {error}", "commit it as a regular file", entry.path)
                )
    yield from held
    others = any(is_rego(entry.path) for entry in entries)
    if not others and not any(each.policies or each.bindings or each.problems for each in held):
        yield problem(f"there is no policy below {path}", "correct `policies` in tidegate.yaml", CONFIGURATION)


def problem(message: str, fix: str, path: str) -> Contents:
    """Nothing but a problem of a file as a whole."""
    return Contents(problems=(Problem(message=message, fix=fix, place=Place(path=path)),))


@lru_cache(maxsize=512)
def parsed(path: str, data: bytes) -> Contents:
    """What one file holds."""
    try:
        documents = load_documents(data)
    except DocumentError as error:
        place = Place(path=path, line=error.line, column=error.column)
        message = f"a policy file cannot be read: {error.message}"
        return Contents(problems=(Problem(message=message, fix="write it as kubectl can read it", place=place),))
    return joined([read(path, document, at, value) for document in documents for at, value in flat(document.value)])


def flat(value: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """A document's objects with where they are in it: those of a list one by one."""
    items = value.get("items") if isinstance(value, Mapping) else None
    if isinstance(items, list) and str(value.get("kind", "")).endswith("List"):
        yield from ((("items", index), each) for index, each in enumerate(items))
    else:
        yield (), value


def read(path: str, document: Document, at: tuple[str | int, ...], value: Any) -> Contents:
    """One object: a policy, a binding, or something else."""
    if not isinstance(value, Mapping):
        return Contents()
    version, kind = str(value.get("apiVersion", "")), value.get("kind")
    if not version.startswith(GROUP) or kind not in ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
        return Contents(others=(value,))
    name = name_of(value)
    try:
        reader = Reader(value, path, document.locate, at)
        if version not in VERSIONS:
            raise reader.refused("apiVersion", f"is none of {' and '.join(VERSIONS)}")
        if kind == "ValidatingAdmissionPolicy":
            return Contents(policies=(read_policy(reader),))
        return Contents(bindings=(read_binding(reader),))
    except Refused as refused:
        message = f"{kind} {name} cannot be evaluated: {refused.message}"
        policy = name if kind == "ValidatingAdmissionPolicy" else bound(value)
        fix = "mend the policy in the branch that policies are read from"
        return Contents(problems=(Problem(message=message, fix=fix, place=refused.place, policy=policy),))


def name_of(value: Mapping[str, Any]) -> str:
    """An object's name as far as it is one that can be shown."""
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return name if isinstance(name, str) and name.isprintable() and len(name) <= 253 else "without a name"


def bound(value: Mapping[str, Any]) -> str:
    """The policy that a binding is about, as far as it says so."""
    spec = value.get("spec")
    return str(spec.get("policyName", "")) if isinstance(spec, Mapping) else ""


def doubled(whole: Contents) -> Iterator[Problem]:
    """Policies of a name that another one has."""
    seen: dict[str, Policy] = {}
    for each in whole.policies:
        other = seen.setdefault(each.name, each)
        if other is not each:
            message = f"the policy {each.name} is there twice; the other one is in {other.place.path or 'Tidegate'}"
            yield Problem(message=message, fix="give one of them another name", place=each.place, policy=each.name)


def dangling(whole: Contents) -> Iterator[Problem]:
    """Bindings of policies that are not there."""
    names = {each.name for each in whole.policies} | {each.policy for each in whole.problems}
    for each in whole.bindings:
        if each.policy not in names:
            near = get_close_matches(each.policy, sorted(names - {""}), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            message = f"the binding {each.name} is about a policy that is not there, so it does nothing{hint}"
            yield Problem(message=message, fix="correct its policyName, or remove it", place=each.place)


def shipped_names() -> tuple[str, ...]:
    """The policies that Tidegate ships."""
    folder = files("bot.check.policies").joinpath("shipped")
    return tuple(sorted(each.name.removesuffix(".yaml") for each in folder.iterdir() if each.name.endswith(".yaml")))


def shipped(name: str, above: frozenset[str]) -> Iterator[Contents]:
    """A shipped policy with its binding, and those that it includes."""
    names = shipped_names()
    if name not in names:
        near = get_close_matches(name, names, n=1)
        hint = f"; did you mean {SHIPPED}{near[0]}?" if near else ""
        yield problem(f"there is no policy {SHIPPED}{name}{hint}", f"shipped are {', '.join(names)}", CONFIGURATION)
        return
    found, includes = shipped_file(name)
    yield found
    for each in includes:
        if each not in above:
            yield from shipped(each, above | {name})


@lru_cache(maxsize=128)
def shipped_file(name: str) -> tuple[Contents, tuple[str, ...]]:
    """The contents of one shipped file, and the names of the shipped policies that it includes."""
    data = files("bot.check.policies").joinpath("shipped", f"{name}.yaml").read_bytes()
    annotations = load_documents(data)[0].value["metadata"].get("annotations", {})
    return parsed("", data), tuple(each.strip() for each in annotations.get(INCLUDES, "").split(",") if each.strip())
