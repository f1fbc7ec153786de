"""The spine: render base and head → check → plan → attribute → gate → Assessment.

It touches neither forge nor store, so the pull request, the apply and `tidegate plan` all judge by the same code.
"""

import posixpath
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import field, replace

from bot.diff import attribute, desired_digest, normalise, object_digest, proposal
from bot.errors import InputError, PermanentError, RenderError, TemporaryError, TreeError
from bot.flow.evaluate import Evaluator, Render
from bot.gate import decide
from bot.gate.facts import Facts
from bot.model.environment import Environment, Source
from bot.model.examined import Examined
from bot.model.gate import Asked, Assessment
from bot.model.kubernetes import Kubernetes
from bot.model.noun import Digest, noun
from bot.model.plan import Finding
from bot.model.resource import Desired, Rendered, ResourceId
from bot.model.tree import Elsewhere, Tree
from bot.render import Renderer
from bot.target import SavedPlan, Target

__all__ = ["Assessed", "Subject", "Tools", "assess", "desire", "reads_of", "render"]

SHIPPED = "builtin:"
"""What the name of a policy begins with that Tidegate ships."""

Load = Callable[[Tree, frozenset[str]], Awaitable[Tree]]

Fetch = Callable[[Elsewhere], Awaitable[Tree]]


async def nothing_from_elsewhere(wanted: Elsewhere) -> Tree:
    """Where nothing can be fetched. InputError: always."""
    raise InputError(f"{wanted.url} is outside the repository, and nothing is fetched from elsewhere here")


@noun
class Tools:
    """The adapters that the spine works with. `key` seals object digests, so that stored ones give no secret away.

    `renderers` tell what a render reads, `evaluator` renders and checks, and `fetch` brings what a render needs from
    outside the repository. `kubernetes` holds the API of each target by name.
    """

    renderers: tuple[Renderer, ...]
    evaluator: Evaluator
    targets: Mapping[str, Target]
    key: bytes
    fetch: Fetch = nothing_from_elsewhere
    kubernetes: Mapping[str, Kubernetes] = field(default_factory=dict)
    scheme: str = "d1"


@noun
class Subject:
    """What is to be assessed: `head` as `environment` describes it, compared with `base` as `before` described it.

    `policies` is the revision that policies are read from: the protected base, or `head` where there is none yet.
    `uid` is the environment's immutable id. `branch` is the one that deploys. `allowed` are the targets that the
    server lets this repository use. `applied` is the recorded applied state (None: nothing was applied yet).
    """

    environment: Environment
    before: Environment | None
    base: Tree | None
    head: Tree
    load: Load
    uid: str
    branch: str
    allowed: frozenset[str]
    applied: Mapping[ResourceId, Digest] | None = None
    asked: Asked | None = None
    preview: bool = False
    policies: Tree | None = None


@noun
class Assessed:
    """An assessment with the plan that can be carried out while the context is open (None: there is none)."""

    assessment: Assessment
    saved: SavedPlan | None


@asynccontextmanager
async def assess(tools: Tools, subject: Subject, facts: Facts) -> AsyncIterator[Assessed]:
    """Assess one environment; `facts` are the gate's, without state, plan and findings, which are filled in here."""
    environment = subject.environment
    findings: list[Finding] = []
    async with AsyncExitStack() as stack:
        head = saved = base = None
        checked = 0
        try:
            target = choose_target(tools, subject)
            destination = await target.identity(environment)
            head, files = await desire_with_files(tools, subject, environment, subject.head, destination)
            checked = len(head.resources)
            base = await base_of(tools, subject, destination)
            examined = await examine(tools, subject, head, base, files)
            findings += await tools.evaluator.check(environment.id.repository, examined)
            saved = await stack.enter_async_context(target.plan(environment, head))
        except RenderError as error:
            findings += error.findings
        except InputError as error:
            findings.append(problem(environment, str(error)))
        except (TemporaryError, PermanentError) as error:
            findings.append(unreachable(environment, error))
        objects = base.objects if base else None
        plan = attribute(saved.plan, objects, head.objects, subject.applied) if saved and head else None
        proposed = proposal(objects, head.objects) if head else frozenset()
        found = tuple(findings)
        asked = subject.asked.by if subject.asked and head and subject.asked.digest == head.digest else None
        facts = replace(facts, environment=environment, desired=head, plan=plan, findings=found, asked=asked)
        verdict = decide(facts)
        yield Assessed(
            assessment=Assessment(
                environment=environment, base=base, head=head, plan=plan, proposal=proposed, findings=found,
                checked=checked, preview=subject.preview, verdict=verdict,
            ),
            saved=saved if plan else None,
        )  # fmt: skip


def choose_target(tools: Tools, subject: Subject) -> Target:
    """The target that the environment names. RenderError: the server has none of that name for this repository."""
    environment = subject.environment
    if environment.target in tools.targets and environment.target in subject.allowed:
        return tools.targets[environment.target]
    known = ", ".join(sorted(subject.allowed)) or "none"
    finding = Finding(
        check="target", level="error", path="tidegate.yaml", line=environment.line,
        message=f'target "{environment.target}" is not one that this repository may deploy to',
        fix=f"use one that the server's settings allow ({known}), or ask its operator to add it",
    )  # fmt: skip
    raise RenderError([finding])


async def base_of(tools: Tools, subject: Subject, destination: str) -> Desired | None:
    """The base's desired state, or None where there is none: a new environment, or a base that does not render."""
    if subject.base is None or subject.before is None:
        return None
    try:
        return await desire(tools, subject, subject.before, subject.base, destination)
    except InputError:
        return None


async def desire(tools: Tools, subject: Subject, environment: Environment, tree: Tree, destination: str) -> Desired:
    """Render `tree` and bind it to its destination. RenderError: it does not render, or renders to nothing."""
    return (await desire_with_files(tools, subject, environment, tree, destination))[0]


async def desire_with_files(
    tools: Tools, subject: Subject, environment: Environment, tree: Tree, destination: str
) -> tuple[Desired, Tree]:
    """The same, and the tree with the files that were read."""
    rendered, tree = await render(tools, subject.load, environment, tree)
    resources = tuple(normalise(each) for each in rendered.resources)
    objects = {each.id: object_digest(each, tools.key) for each in resources}
    digest = desired_digest(tools.scheme, objects, environment.id.repository, subject.branch, subject.uid, destination)
    desired = Desired(
        environment=environment.id, revision=tree.revision, destination=destination, scope=environment.scope,
        resources=resources, objects=objects, digest=digest,
    )  # fmt: skip
    return desired, tree


async def render(tools: Tools, load: Load, environment: Environment, tree: Tree) -> tuple[Rendered, Tree]:
    """Pick the renderer, load what it reads until it names nothing new, render: the result, and the loaded tree.

    RenderError: an empty result is one too.
    """
    source = environment.source
    try:
        renderer = pick(tools.renderers, tree, source)
        if renderer is None:
            raise RenderError([problem(environment, f"no renderer knows what is at {source.path}")])
        tree = await whole(tools, load, renderer, tree, source)
        rendered = await tools.evaluator.render(environment.id.repository, work_of(tools, environment, renderer, tree))
    except (TreeError, InputError) as error:
        if isinstance(error, RenderError):
            raise
        raise RenderError([problem(environment, str(error))]) from None
    if not rendered.resources:
        raise RenderError(
            [problem(environment, f"{source.path} renders to no object; an empty state is never applied")]
        )
    return rendered, tree


def work_of(tools: Tools, environment: Environment, renderer: Renderer, tree: Tree) -> Render:
    """The render, with as much of the tree as it needs; all of it where it reads nothing, so that it can say why."""
    source = environment.source
    reads = renderer.reads(tree, source)
    return Render(
        renderer=renderer.name, tree=tree.only(reads) if reads else tree, source=source,
        kubernetes=tools.kubernetes.get(environment.target, Kubernetes()),
    )  # fmt: skip


async def whole(tools: Tools, load: Load, renderer: Renderer, tree: Tree, source: Source) -> Tree:
    """The tree with everything loaded that a render reads, from the repository and from elsewhere."""
    while True:
        while missing := tree.missing(renderer.reads(tree, source)):
            tree = await load(tree, missing)
        absent = renderer.needs(tree, source) - tree.elsewhere.keys()
        if not absent:
            return tree
        fetched = {each: await tools.fetch(each) for each in sorted(absent, key=lambda each: (each.url, each.revision))}
        tree = replace(tree, elsewhere={**tree.elsewhere, **fetched})


def reads_of(renderers: Sequence[Renderer], tree: Tree, source: Source) -> frozenset[str]:
    """What a render of `source` would read of `tree`, as far as that can be told without loading anything more."""
    renderer = pick(renderers, tree, source)
    return renderer.reads(tree, source) if renderer else frozenset()


def pick(renderers: Sequence[Renderer], tree: Tree, source: Source) -> Renderer | None:
    """The renderer that the source names, or else the first that claims what is there."""
    return next(
        (r for r in renderers if (r.name == source.renderer if source.renderer else r.claims(tree, source))), None
    )


async def examine(tools: Tools, subject: Subject, head: Desired, base: Desired | None, files: Tree) -> Examined:
    """What the checks are to look at."""
    environment = subject.environment
    known = base is not None or subject.base is None or subject.before is None
    policies = subject.policies or subject.base or subject.head
    wanted = policy_files(environment, policies)
    read = frozenset(path for path, entry in files.entries.items() if entry.blob in files.blobs)
    return Examined(
        environment=environment, resources=head.resources, before=(base.resources if base else ()) if known else None,
        kubernetes=tools.kubernetes.get(environment.target, Kubernetes()), files=files.only(read),
        policies=(await subject.load(policies, wanted)).only(wanted),
    )  # fmt: skip


def policy_files(environment: Environment, tree: Tree) -> frozenset[str]:
    """Every file below the policy folders that the environment names."""
    folders = [each for each in environment.policies if not each.startswith(SHIPPED)]
    return frozenset(entry.path for folder in folders for entry in tree.under(posixpath.normpath(folder)))


def problem(environment: Environment, message: str) -> Finding:
    """A render problem of the environment as a whole."""
    fix = "look at `source` in tidegate.yaml and at what is there"
    return Finding(check="render", level="error", message=message, fix=fix, path=environment.source.path)


def unreachable(environment: Environment, error: Exception) -> Finding:
    """The target did not answer: what is there is unknown, so nothing can be said of the change."""
    return Finding(
        check="target", level="unknown", path="tidegate.yaml", line=environment.line,
        message=f'target "{environment.target}" could not be looked at: {error}',
        fix="it is tried again by itself; `/readyz` of the server tells when it answers",
    )  # fmt: skip
