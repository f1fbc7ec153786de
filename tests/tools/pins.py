"""Which programs, from which Go modules, in which versions."""

from dataclasses import dataclass, field

__all__ = ["KUBERNETES", "PINS", "Command", "Wrapped"]

KUBERNETES = "1.36.3"


@dataclass(frozen=True)
class Command:
    """A program that `go install` builds: its package and version. `seconds` is what it takes on two cores."""

    package: str
    version: str
    seconds: int


@dataclass(frozen=True)
class Wrapped:
    """A program whose module cannot be installed by itself: a module of our own with this `main` requires it.

    `staging` replaces Kubernetes' own parts by their releases, which its go.mod names by folders.
    """

    require: str
    version: str
    main: str
    seconds: int
    flags: tuple[str, ...] = field(default=())
    staging: bool = False


APISERVER = """package main

import (
	"os"

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() { os.Exit(cli.Run(app.NewAPIServerCommand())) }
"""

ETCD = """package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
"""

VERSION = "k8s.io/component-base/version"

PINS: dict[str, Command | Wrapped] = {
    "kubeconform": Command("github.com/yannh/kubeconform/cmd/kubeconform", "v0.8.0", 5),
    "kustomize": Command("sigs.k8s.io/kustomize/kustomize/v5", "v5.8.2", 15),
    "helm": Command("helm.sh/helm/v3/cmd/helm", "v3.22.0", 61),
    "helm4": Command("helm.sh/helm/v4/cmd/helm", "v4.3.1", 65),
    "age-keygen": Command("filippo.io/age/cmd/age-keygen", "v1.3.1", 4),
    "sops": Command("github.com/getsops/sops/v3/cmd/sops", "v3.13.3", 68),
    "conftest": Command("github.com/open-policy-agent/conftest", "v0.71.1", 119),
    "opa": Command("github.com/open-policy-agent/opa", "v1.21.1", 40),
    "etcd": Wrapped("go.etcd.io/etcd/server/v3", "v3.6.8", ETCD, 22),
    "kube-apiserver": Wrapped(
        "k8s.io/kubernetes", f"v{KUBERNETES}", APISERVER, 200, staging=True,
        flags=(
            f"-X {VERSION}.gitVersion=v{KUBERNETES}",
            f"-X {VERSION}.gitMajor={KUBERNETES.split('.')[0]}",
            f"-X {VERSION}.gitMinor={KUBERNETES.split('.')[1]}",
        ),
    ),
}  # fmt: skip
"""Those that take long last, so that most tests have their program early."""
