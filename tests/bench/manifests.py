"""Manifests to measure with: plain ones by the thousand, some of them with a mistake."""

import random
from collections.abc import Callable
from pathlib import Path

__all__ = ["write_manifests"]

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {space}
  labels: {{app.kubernetes.io/name: {name}, team: payments}}
spec:
  replicas: {number}
  selector:
    matchLabels: {{app: {name}}}
  template:
    metadata:
      labels: {{app: {name}}}
    spec:
      serviceAccountName: {name}
      securityContext: {{runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}
      containers:
        - name: app
          image: registry.example.com/{name}:1.{number}.0
          imagePullPolicy: IfNotPresent
          args: ["--port=8080", "--log=json"]
          env:
            - name: MODE
              value: "production"
            - name: PASSWORD
              valueFrom:
                secretKeyRef: {{name: {name}, key: password}}
          ports:
            - containerPort: 8080
              protocol: TCP
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits: {{memory: 256Mi}}
          readinessProbe:
            httpGet: {{path: /ready, port: 8080}}
            periodSeconds: 10
          volumeMounts:
            - {{name: config, mountPath: /etc/app, readOnly: true}}
      volumes:
        - name: config
          configMap: {{name: {name}, defaultMode: {mode}}}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {space}}}
spec:
  type: ClusterIP
  selector: {{app: {name}}}
  ports:
    - name: http
      port: 80
      targetPort: 8080
"""
CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  namespace: {space}
data:
  LEVEL: "{number}"
  app.properties: |
    first = 1
    second = {number}
"""
INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {name}
  namespace: {space}
spec:
  rules:
    - host: {name}.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service: {{name: {name}, port: {{number: 80}}}}
"""
JOB = """\
apiVersion: batch/v1
kind: CronJob
metadata: {{name: {name}, namespace: {space}}}
spec:
  schedule: "{number} * * * *"
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers:
            - name: job
              image: registry.example.com/{name}:1.0.0
"""
ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: {name}, namespace: {space}}}
rules:
  - apiGroups: [""]
    resources: [configmaps]
    verbs: [get, list, watch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: {name}, namespace: {space}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {name}}}
subjects:
  - {{kind: ServiceAccount, name: {name}, namespace: {space}}}
"""
CUSTOM = """\
apiVersion: monitoring.example.com/v1
kind: Monitor
metadata: {{name: {name}, namespace: {space}}}
spec:
  selector: {{app: {name}}}
"""
KINDS = (DEPLOYMENT, DEPLOYMENT, DEPLOYMENT, SERVICE, SERVICE, CONFIG, CONFIG, INGRESS, JOB, ROLE, CUSTOM)
MISTAKES: tuple[Callable[[str], str], ...] = (
    lambda text: text.replace("replicas: ", "replica: "),
    lambda text: text.replace("IfNotPresent", "ifNotPresent"),
    lambda text: text.replace("port: 80\n", 'port: "80"\n'),
    lambda text: text.replace("pathType: Prefix\n", ""),
    lambda text: text.replace("roleRef", "roleref"),
    lambda text: text.replace("restartPolicy: OnFailure", "restartPolicy: Sometimes"),
    lambda text: text.replace('LEVEL: "', "LEVEL: ").replace('"\n  app', "\n  app"),
    lambda text: text.replace("- containerPort: 8080", "- containerPort: 8080.5"),
    lambda text: text.replace("apiVersion: apps/v1\n", "apiVersion: apps/v1beta2\n"),
)


def write_manifests(folder: Path, count: int, seed: int = 1) -> None:
    """`count` files in `folder`, one in ten with a mistake; the same seed gives the same files."""
    chance = random.Random(seed)
    for number in range(count):
        # an octal mode takes the slower way of reading; about one real file in twenty holds something of that kind
        mode = "0440" if number % 8 == 0 else "288"
        text = chance.choice(KINDS).format(
            name=f"app-{number}", space=f"team-{number % 40}", number=number % 60, mode=mode
        )
        if number % 10 == 0:
            text = chance.choice(MISTAKES)(text)
        place = folder / f"team-{number % 40}" / f"{number}.yaml"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
