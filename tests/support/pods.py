"""Pods of all sorts, from a seed: what the Pod Security Standards speak of, set and left out in many ways."""

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["pods"]

Pod = dict[str, Any]
Change = Callable[[Pod, random.Random], None]


def pods(seed: int) -> Iterator[Pod]:
    """Ever more pods: strict, plain or with some changes to either. Not all of them are valid for an API server."""
    rng = random.Random(seed)
    number = 0
    while True:
        pod = strict() if rng.random() < 0.6 else plain()
        for change in rng.sample(CHANGES, rng.choice([0, 1, 1, 1, 2, 3])):
            change(pod, rng)
        number += 1
        pod["metadata"]["name"] = f"pod-{number}"
        yield copy.deepcopy(pod)


def plain() -> Pod:
    """A pod that says nothing of security."""
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"},
        "spec": {"containers": [{"name": "app", "image": "registry.example/app:1"}]},
    }  # fmt: skip


def strict() -> Pod:
    """A pod that the restricted level allows."""
    pod = plain()
    pod["spec"]["securityContext"] = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    pod["spec"]["containers"][0]["securityContext"] = {
        "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    return pod


def context(pod: Pod, rng: random.Random) -> dict[str, Any]:
    """The security context of the pod or of one of its containers."""
    holder = pod["spec"] if rng.random() < 0.4 else rng.choice(pod["spec"]["containers"])
    found: dict[str, Any] = holder.setdefault("securityContext", {})
    return found


def container(pod: Pod, rng: random.Random) -> dict[str, Any]:
    """One of the containers."""
    found: dict[str, Any] = rng.choice(pod["spec"]["containers"])
    return found


def own(pod: Pod, rng: random.Random) -> dict[str, Any]:
    """The security context of a container."""
    found: dict[str, Any] = container(pod, rng).setdefault("securityContext", {})
    return found


def second(pod: Pod, rng: random.Random) -> None:
    """Another container, or one that runs first, like the first one or bare."""
    fresh = copy.deepcopy(pod["spec"]["containers"][0]) if rng.random() < 0.6 else {"image": "registry.example/b:2"}
    fresh["name"] = f"more-{rng.randrange(1000)}"
    fresh.pop("ports", None)
    pod["spec"].setdefault(rng.choice(["containers", "initContainers"]), []).append(fresh)


def host_namespace(pod: Pod, rng: random.Random) -> None:
    pod["spec"][rng.choice(["hostNetwork", "hostPID", "hostIPC"])] = rng.choice([True, True, False])


def privileged(pod: Pod, rng: random.Random) -> None:
    own(pod, rng)["privileged"] = rng.choice([True, False])


def escalation(pod: Pod, rng: random.Random) -> None:
    own(pod, rng)["allowPrivilegeEscalation"] = rng.choice([True, False])


def no_escalation_setting(pod: Pod, rng: random.Random) -> None:
    own(pod, rng).pop("allowPrivilegeEscalation", None)


def capabilities(pod: Pod, rng: random.Random) -> None:
    add = rng.choice([["NET_BIND_SERVICE"], ["CHOWN"], ["SYS_ADMIN"], ["NET_RAW", "KILL"], []])
    drop = rng.choice([["ALL"], ["all"], ["NET_RAW"], ["ALL", "CHOWN"], []])
    own(pod, rng)["capabilities"] = {"add": add, "drop": drop}


def volume(pod: Pod, rng: random.Random) -> None:
    kinds: list[dict[str, Any]] = [
        {"hostPath": {"path": "/var"}}, {"emptyDir": {}}, {"nfs": {"server": "a", "path": "/b"}}, {},
        {"secret": {"secretName": "a"}}, {"configMap": {"name": "a"}}, {"projected": {"sources": []}},
        {"persistentVolumeClaim": {"claimName": "a"}}, {"csi": {"driver": "a.example"}},
        {"iscsi": {"targetPortal": "10.0.0.1", "iqn": "iqn.2001-04.example:a", "lun": 0}},
        {"downwardAPI": {}}, {"image": {"reference": "registry.example/data:1"}},
        {"ephemeral": {"volumeClaimTemplate": {"spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}}},
    ]  # fmt: skip
    pod["spec"].setdefault("volumes", []).append({"name": f"v{rng.randrange(1000)}", **rng.choice(kinds)})


def host_port(pod: Pod, rng: random.Random) -> None:
    container(pod, rng)["ports"] = [{"containerPort": 80, "hostPort": rng.choice([0, 80])}]


def probe(pod: Pod, rng: random.Random) -> None:
    handler: dict[str, Any] = rng.choice([{"httpGet": {"port": 80}}, {"tcpSocket": {"port": 80}}])
    if rng.random() < 0.6:
        next(iter(handler.values()))["host"] = rng.choice(["10.0.0.1", ""])
    container(pod, rng)[rng.choice(["livenessProbe", "readinessProbe", "startupProbe"])] = handler


def hook(pod: Pod, rng: random.Random) -> None:
    handler: dict[str, Any] = {"httpGet": {"port": 80, **rng.choice([{"host": "10.0.0.1"}, {}])}}
    container(pod, rng)["lifecycle"] = {rng.choice(["postStart", "preStop"]): handler}


def profile(rng: random.Random, local: str) -> dict[str, str]:
    """A profile of AppArmor or seccomp; `local` is the one of the node's own."""
    kind = rng.choice(["RuntimeDefault", "Unconfined", "Localhost"])
    return {"type": kind, **({"localhostProfile": local} if kind == "Localhost" else {})}


def app_armor(pod: Pod, rng: random.Random) -> None:
    given = profile(rng, "mine")
    context(pod, rng)["appArmorProfile"] = given


def app_armor_annotation(pod: Pod, rng: random.Random) -> None:
    key = "container.apparmor.security.beta.kubernetes.io/app"
    pod["metadata"].setdefault("annotations", {})[key] = rng.choice(["runtime/default", "unconfined", "localhost/mine"])


def se_linux(pod: Pod, rng: random.Random) -> None:
    context(pod, rng)["seLinuxOptions"] = rng.choice(
        [{"type": "container_t"}, {"type": "spc_t"}, {"user": "system_u"}, {"role": "r"}, {"level": "s0"}, {}]
    )


def proc_mount(pod: Pod, rng: random.Random) -> None:
    own(pod, rng)["procMount"] = rng.choice(["Default", "Unmasked"])


def own_users(pod: Pod, rng: random.Random) -> None:
    pod["spec"]["hostUsers"] = rng.choice([False, False, True])


def own_users_unmasked(pod: Pod, rng: random.Random) -> None:
    pod["spec"]["hostUsers"] = False
    own(pod, rng)["procMount"] = "Unmasked"


def seccomp(pod: Pod, rng: random.Random) -> None:
    given = profile(rng, "mine.json")
    context(pod, rng)["seccompProfile"] = given


def no_seccomp(pod: Pod, rng: random.Random) -> None:
    pod["spec"].setdefault("securityContext", {}).pop("seccompProfile", None)


def sysctl(pod: Pod, rng: random.Random) -> None:
    names = [
        "net.ipv4.tcp_syncookies",
        "kernel.msgmax",
        "net.core.somaxconn",
        "net.ipv4.tcp_rmem",
        "kernel.shm_rmid_forced",
    ]
    settings = [{"name": name, "value": "1"} for name in rng.sample(names, rng.choice([1, 2]))]
    pod["spec"].setdefault("securityContext", {})["sysctls"] = settings


def non_root(pod: Pod, rng: random.Random) -> None:
    context(pod, rng)["runAsNonRoot"] = rng.choice([True, False])


def no_non_root(pod: Pod, rng: random.Random) -> None:
    pod["spec"].setdefault("securityContext", {}).pop("runAsNonRoot", None)


def user(pod: Pod, rng: random.Random) -> None:
    context(pod, rng)["runAsUser"] = rng.choice([0, 1000])


def windows(pod: Pod, rng: random.Random) -> None:
    bare = plain()["spec"] | {"os": {"name": "windows"}}
    if rng.random() < 0.7:
        bare["securityContext"] = {"runAsNonRoot": rng.choice([True, False])}
    if rng.random() < 0.4:
        bare["hostNetwork"] = True
        bare["securityContext"] = {"windowsOptions": {"hostProcess": True, "runAsUserName": "a"}}
    pod["spec"] = bare


CHANGES: list[Change] = [
    second, second, host_namespace, privileged, escalation, no_escalation_setting, capabilities, volume, volume,
    host_port, probe, hook, app_armor, app_armor_annotation, se_linux, proc_mount, own_users, own_users_unmasked,
    seccomp, no_seccomp, sysctl, non_root, no_non_root, user, windows,
]  # fmt: skip
