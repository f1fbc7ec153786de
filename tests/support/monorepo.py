"""A monorepo of Kustomize overlays over shared bases, components and files, made from a number."""

import random

__all__ = ["monorepo", "overlays"]

APPS = 10
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
      - name: main
        image: registry.example.org/{name}:1.0.0
        ports: [{{containerPort: 8080}}]
        envFrom: [{{configMapRef: {{name: settings}}}}]
        resources: {{requests: {{cpu: 100m, memory: 64Mi}}, limits: {{memory: 128Mi}}}}
        readinessProbe: {{httpGet: {{path: /ready, port: 8080}}}}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{selector: {{app: {name}}}, ports: [{{port: 80, targetPort: 8080}}]}}
"""
COMPONENT = """\
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources: [monitor.yaml]
patches: [{{path: patch.yaml, target: {{kind: Deployment}}}}]
"""
MONITOR = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: monitor-{name}}}\ndata: {{path: /metrics}}\n"
PATCH = "- {op: add, path: /spec/template/spec/priorityClassName, value: high}\n"


def overlays(count: int) -> list[str]:
    """The folders of the overlays."""
    return [f"clusters/c{n % 25:02}/{app_of(n)}-{n:03}" for n in range(count)]


def app_of(n: int) -> str:
    """The application of an overlay."""
    return f"app{n % APPS}"


def monorepo(count: int, seed: int = 1) -> dict[str, str]:
    """The files of a monorepo of so many overlays; the same for the same seed."""
    chance = random.Random(seed)
    files = {
        "README.md": "# many\n",
        "docs/a.md": "a\n",
        "common/kustomization.yaml": "resources: [limits.yaml]\n",
        "common/limits.yaml": "apiVersion: v1\nkind: LimitRange\nmetadata: {name: limits}\nspec: {limits: []}\n",
    }
    for n in range(APPS):
        name, folder = f"app{n}", f"apps/app{n}"
        files[f"{folder}/kustomization.yaml"] = (
            "resources: [deployment.yaml, service.yaml, ../../common]\n"
            "configMapGenerator: [{name: settings, envs: [settings.env]}]\n"
        )
        files[f"{folder}/deployment.yaml"] = DEPLOYMENT.format(name=name)
        files[f"{folder}/service.yaml"] = SERVICE.format(name=name)
        files[f"{folder}/settings.env"] = "A=1\nB=2\n"
        files[f"{folder}/notes.yaml"] = "# not named by anything\n"
    for n in range(5):
        folder = f"components/part{n}"
        files[f"{folder}/kustomization.yaml"] = COMPONENT.format()
        files[f"{folder}/monitor.yaml"] = MONITOR.format(name=n)
        files[f"{folder}/patch.yaml"] = PATCH
    for n, folder in enumerate(overlays(count)):
        parts = chance.sample(range(5), chance.randrange(3))
        listed = ", ".join(f"../../../components/part{each}" for each in parts)
        files[f"{folder}/kustomization.yaml"] = (
            f"resources: [../../../apps/{app_of(n)}]\nnamespace: team-{n}\nnamePrefix: t{n}-\n"
            f"components: [{listed}]\npatches: [{{path: replicas.yaml}}]\n"
            f"images: [{{name: registry.example.org/{app_of(n)}, newTag: 1.{n}.0}}]\n"
            f"labels: [{{pairs: {{team: t{n}}}}}]\n"
        )
        files[f"{folder}/replicas.yaml"] = (
            f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {app_of(n)}}}\nspec: {{replicas: {n % 7 + 1}}}\n"
        )
        files[f"{folder}/NOTES.txt"] = "for people\n"
    return files
