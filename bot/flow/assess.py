"""The spine: render base and head → check → plan → attribute → gate → Assessment.

It touches neither forge nor store, so the pull request, the apply and `tidegate plan` all judge by the same code.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from bot.diff import attribute, desired_digest, normalise, object_digest, to_approve
from bot.errors import InputError, PermanentError, RenderError, TemporaryError, TreeError
from bot.flow.encrypted import refuse_encrypted
from bot.flow.evaluate import Changes, Render
from bot.flow.judge import judge
from bot.flow.subject import Assessed, Load, Subject, Tools
from bot.flow.toolchain import difference, toolchain
from bot.gate import decide
from bot.gate.facts import Facts
from bot.gate.people import rules_of
from bot.model.environment import CONFIGURATION, Environment, Source
from bot.model.gate import Assessment
from bot.model.noun import Digest, Sha
from bot.model.plan import Action, Finding, Plan
from bot.model.resource import Desired, Rendered, ResourceId
from bot.model.tree import Tree
from bot.render import Piecewise, Renderer
from bot.target import Target

__all__ = ["Assessed", "Subject", "Tools", "assess", "desire", "reads_of", "render"]


@asynccontextmanager
async def assess(tools: Tools, subject: Subject, facts: Facts) -> AsyncIterator[Assessed]:
    """Assess one environment; `facts` are the gate's, without state, plan and findings, which are filled in here."""
    environment = subject.environment
    findings: list[Finding] = []
    async with AsyncExitStack() as stack:
        head = saved = base = plan = None
        checked, recorded = 0, facts.applied
        try:
            target = choose_target(tools, subject)
            destination = await target.identity(environment)
            if destination != subject.destination:  # what was applied elsewhere is nothing here
                facts = replace(facts, applied=None)
            head, files, notices = await desire_with_files(tools, subject, environment, subject.head, destination)
            findings += notices
            checked = len(head.resources)
            base, before = await base_of(tools, subject, destination)
            facts = replace(facts, upgraded=await upgraded(tools, subject, head, recorded))
            findings += await judge(tools, subject, head, base, files)
            saved = await stack.enter_async_context(target.plan(environment, head))
            plan = await concealed(tools, environment, saved.plan, {**before, **files.blobs})
        except RenderError as error:
            findings += error.findings
        except InputError as error:
            findings.append(problem(environment, str(error)))
        except (TemporaryError, PermanentError) as error:
            findings.append(unreachable(environment, error))
        objects = base.objects if base else None
        plan = attribute(plan, objects, head.objects, facts.applied) if plan and head else None
        about = to_approve(plan, objects, head.objects, facts.applied) if plan and head else {}
        found = tuple(findings)
        asked = subject.asked.by if subject.asked and head and subject.asked.digest == head.digest else None
        facts = replace(facts, environment=environment, desired=head, plan=plan, findings=found, asked=asked)
        verdict = decide(facts)
        yield Assessed(
            assessment=Assessment(
                environment=environment, base=base, head=head, plan=plan, to_approve=about, findings=found,
                checked=checked, preview=subject.preview, rules=rules_of(facts), verdict=verdict,
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
        check="target", level="error", path=CONFIGURATION, line=environment.line,
        message=f'target "{environment.target}" is not one that this repository may deploy to',
        fix=f"use one that the server's settings allow ({known}), or ask its operator to add it",
    )  # fmt: skip
    raise RenderError([finding])


async def concealed(tools: Tools, environment: Environment, plan: Plan, files: Mapping[Sha, bytes]) -> Plan:
    """The plan without what a scanner finds in it or in the files that it comes from.

    RenderError: it could not be looked through, so nobody sees it.
    """
    try:
        work = Changes(changes=plan.effective, files=files)
        shown = await tools.evaluator.conceal(environment.id.repository, work)
    except TemporaryError as error:
        finding = Finding(
            check="leaks", level="unknown", path=environment.source.path,
            message=f"the plan could not be looked through for secrets: {error}",
            fix="it is tried again by itself; if it stays so, look at the server's log",
        )  # fmt: skip
        raise RenderError([finding]) from None
    return replace(plan, changes=(*shown, *(each for each in plan.changes if each.action is Action.UNCHANGED)))


async def base_of(tools: Tools, subject: Subject, destination: str) -> tuple[Desired | None, Mapping[Sha, bytes]]:
    """The base's desired state with the contents of its files; None where there is none.

    That is a new environment, or a base that does not render.
    """
    if subject.base is None or subject.before is None:
        return None, {}
    try:
        base, tree, _ = await desire_with_files(tools, subject, subject.before, subject.base, destination)
    except InputError:
        return None, {}
    return base, tree.blobs


async def upgraded(tools: Tools, subject: Subject, head: Desired, recorded: Mapping[ResourceId, Digest] | None) -> str:
    """Between which programs the render of the applied revision changed; "" where today's make what was applied."""
    made = subject.made
    if made is None or not made.tools or made.tools == head.tools:
        return ""
    try:
        again = await desire(tools, subject, made.environment, made.tree, head.destination)
    except InputError:
        return difference(made.tools, head.tools)
    return difference(made.tools, again.tools) if again.objects != recorded else ""


async def desire(tools: Tools, subject: Subject, environment: Environment, tree: Tree, destination: str) -> Desired:
    """Render `tree` and bind it to its destination. RenderError: it does not render, or renders to nothing."""
    return (await desire_with_files(tools, subject, environment, tree, destination))[0]


async def desire_with_files(
    tools: Tools, subject: Subject, environment: Environment, tree: Tree, destination: str
) -> tuple[Desired, Tree, tuple[Finding, ...]]:
    """The same, the tree with the files that were read, and the renderer's notices."""
    rendered, tree = await render(tools, subject.load, environment, tree)
    refuse_encrypted(environment, rendered.resources)
    resources = tuple(normalise(each) for each in rendered.resources)
    objects = {each.id: object_digest(each, tools.key) for each in resources}
    digest = desired_digest(tools.scheme, objects, environment.id.repository, subject.branch, subject.uid, destination)
    desired = Desired(
        environment=environment.id, revision=tree.revision, destination=destination, scope=environment.scope,
        resources=resources, objects=objects, digest=digest,
        tools=toolchain(rendered.tools, tools.api(environment)),
    )  # fmt: skip
    return desired, tree, rendered.notices


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
        kubernetes=tools.api(environment),
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


async def reads_of(tools: Tools, load: Load, tree: Tree, source: Source) -> frozenset[str]:
    """What a render of `source` would read of `tree`; everything, where that cannot be told."""
    renderer = pick(tools.renderers, tree, source)
    if renderer is None:
        return frozenset()
    reads = renderer.reads(tree, source)
    if isinstance(renderer, Piecewise):  # it goes by names alone
        return reads
    try:
        while missing := tree.missing(reads):
            tree = await load(tree, missing)
            reads = renderer.reads(tree, source)
    except InputError:
        return frozenset(tree.entries)
    return reads


def pick(renderers: Sequence[Renderer], tree: Tree, source: Source) -> Renderer | None:
    """The renderer that the source names, or else the first that claims what is there."""
    return next(
        (r for r in renderers if (r.name == source.renderer if source.renderer else r.claims(tree, source))), None
    )


def problem(environment: Environment, message: str) -> Finding:
    """A render problem of the environment as a whole."""
    fix = "look at `source` in tidegate.yaml and at what is there"
    return Finding(check="render", level="error", message=message, fix=fix, path=environment.source.path)


def unreachable(environment: Environment, error: Exception) -> Finding:
    """The target did not answer: what is there is unknown, so nothing can be said of the change."""
    return Finding(
        check="target", level="unknown", path=CONFIGURATION, line=environment.line,
        message=f'target "{environment.target}" could not be looked at: {error}',
        fix="it is tried again by itself; `/readyz` of the server tells when it answers",
    )  # fmt: skip
