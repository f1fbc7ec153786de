"""When a state may be applied: after others, when asked, unless somebody holds the environment."""

from bot.gate.facts import Facts, Upstream
from bot.gate.people import EVERYONE, approvers
from bot.model.gate import State, Verdict

__all__ = ["apply", "first_apply", "hold", "order", "partial"]

ORDER_STATES: dict[str, State] = {"healthy": "pass", "waiting": "wait", "unknown": "unknown"}
ORDER_REASONS = {
    "healthy": "ran healthy at what this revision renders for it",
    "waiting": "has not yet run healthy at what this revision renders for it",
    "unknown": "cannot be told to have run healthy at what this revision renders for it",
}


def order(facts: Facts) -> Verdict:
    """Whether every environment of `after` ran healthy at what this revision renders for it."""
    if facts.environment.apply == "never" or not (facts.environment.after or facts.after):
        return Verdict(rule="order", state="skip", reason="comes after nothing")
    if repairs(facts):
        return Verdict(rule="order", state="pass", reason="repairs what was applied")
    told = {each.name: each for each in facts.after}
    silent = [Upstream(name=name, state="unknown") for name in facts.environment.after if name not in told]
    children = tuple(upstream(each) for each in (*facts.after, *silent))
    open_ones = [each.name for each in (*facts.after, *silent) if each.state != "healthy"]
    states = [each.state for each in children]
    state: State = "unknown" if "unknown" in states else "wait" if "wait" in states else "pass"
    names = ", ".join(open_ones or facts.environment.after)
    return Verdict(rule="order", state=state, reason=f"after {names}", children=children)


def repairs(facts: Facts) -> bool:
    """Whether the state is the applied one and `drift: revert` asks to put it back: that waits for nobody."""
    if facts.phase != "merged" or facts.desired is None or facts.environment.drift != "revert":
        return False
    return facts.applied is not None and dict(facts.applied) == facts.desired.objects


def upstream(each: Upstream) -> Verdict:
    """One environment that must come first."""
    return Verdict(rule="after", state=ORDER_STATES[each.state], reason=f"{each.name} {ORDER_REASONS[each.state]}")


def first_apply(facts: Facts) -> Verdict:
    """The very first apply of an environment is asked for, unless its configuration says otherwise."""
    environment = facts.environment
    if environment.apply == "never" or facts.applied is not None:
        return Verdict(rule="first_apply", state="skip", reason="not the first apply")
    if environment.first_apply == "on-merge":
        return Verdict(rule="first_apply", state="pass", reason="the first apply needs no command")
    if facts.asked is not None:
        return Verdict(rule="first_apply", state="pass", reason=f"{facts.asked.login} asked for the first apply")
    return Verdict(
        rule="first_apply", state="wait", reason="first apply on command", who=(EVERYONE,), next=facts.command("apply")
    )


def apply(facts: Facts) -> Verdict:
    """Whether the environment is applied by itself, when asked, or never from here."""
    match facts.environment.apply:
        case "never":
            return Verdict(rule="apply", state="skip", reason="only planned, never applied from here")
        case "on-merge":
            return Verdict(rule="apply", state="pass", reason="applies at once")
        case "on-command" if facts.asked is not None:
            return Verdict(rule="apply", state="pass", reason=f"{facts.asked.login} asked for it")
        case "on-command" if repairs(facts):
            return Verdict(rule="apply", state="pass", reason="repairs what was applied")
    return Verdict(
        rule="apply", state="wait", reason="applies on command", who=(EVERYONE,), next=facts.command("apply")
    )


def hold(facts: Facts) -> Verdict:
    """Whether somebody stopped every write to the environment."""
    if facts.held is None:
        return Verdict(rule="hold", state="pass", reason="not held")
    said = f": {facts.held.reason}" if facts.held.reason else ""
    return Verdict(
        rule="hold",
        state="wait",
        reason=f"held by {facts.held.by}{said}",
        who=approvers(facts.environment.approvals),
        next=facts.command("release"),
    )


def partial(facts: Facts) -> Verdict:
    """Tells that an earlier apply stopped half-way; it blocks nothing, since applying is what ends it."""
    if not facts.partial:
        return Verdict(rule="partial", state="skip", reason="nothing is half applied")
    return Verdict(
        rule="partial", state="pass", reason="an earlier apply stopped half-way; this one goes on from there"
    )
