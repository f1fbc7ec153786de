"""What policies see of an empty field, and of a quantity, is what a real API server makes of it."""

import pytest
import yaml

from tests.support.control_plane import ControlPlane
from tests.support.enforced import path_of
from tests.support.shown import unlike

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

META = "metadata: {name: a, namespace: default, labels: {}, annotations: {}, generateName: ''}\n"
OBJECTS = [
    "{apiVersion: v1, kind: ConfigMap, data: {a: ''}, binaryData: {}}",
    "{apiVersion: v1, kind: ConfigMap, data: {}, immutable: false}",
    "{apiVersion: v1, kind: Secret, stringData: {a: b, c: ''}, data: {a: eA==, d: eA==}, type: ''}",
    """
apiVersion: v1
kind: Service
spec:
  selector: {}
  type: ''
  ports: [{port: 80, name: '', targetPort: '', protocol: ''}]
  externalIPs: []
  loadBalancerSourceRanges: []
  externalName: ''
  publishNotReadyAddresses: false
""",
    """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
spec: {podSelector: {matchLabels: {}, matchExpressions: []}, egress: [], ingress: [{from: [], ports: []}, {}]}
""",
    """
apiVersion: networking.k8s.io/v1
kind: Ingress
spec: {defaultBackend: {service: {name: a, port: {name: '', number: 1}}}, rules: [], tls: [{hosts: [], secretName: ''}]}
""",
    "{apiVersion: v1, kind: ServiceAccount, imagePullSecrets: [], secrets: [], automountServiceAccountToken: false}",
    "{apiVersion: policy/v1, kind: PodDisruptionBudget, spec: {minAvailable: 0, selector: {matchLabels: {}}}}",
    """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
rules: [{apiGroups: [''], resources: [pods], verbs: [get], resourceNames: [], nonResourceURLs: []}]
""",
    """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
roleRef: {apiGroup: '', kind: Role, name: a}
subjects: [{apiGroup: '', kind: ServiceAccount, name: a, namespace: b}, {kind: User, name: a, apiGroup: ''}]
""",
    """
apiVersion: v1
kind: PersistentVolumeClaim
spec: {accessModes: [ReadWriteOnce], volumeName: '', storageClassName: '', resources: {requests: {storage: 1024Mi}}}
""",
    """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: mice.typed.example.com, labels: {}, annotations: {}}
spec:
  group: typed.example.com
  scope: Cluster
  names: {kind: Mouse, plural: mice, singular: mouse}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {data: {type: object, properties: {labels: {type: object}}}}}}
""",
    """
apiVersion: apps/v1
kind: Deployment
spec:
  paused: false
  minReadySeconds: 0
  revisionHistoryLimit: 0
  strategy: {type: '', rollingUpdate: {}}
  selector: {matchLabels: {a: b}, matchExpressions: []}
  template:
    metadata: {labels: {a: b}, annotations: {}}
    spec:
      affinity: {}
      automountServiceAccountToken: false
      dnsPolicy: ''
      hostNetwork: false
      hostname: ''
      imagePullSecrets: []
      initContainers: []
      nodeSelector: {}
      priorityClassName: ''
      restartPolicy: ''
      schedulerName: ''
      securityContext: {runAsUser: 0, supplementalGroups: [], seLinuxOptions: {level: ''}}
      serviceAccount: older
      serviceAccountName: ''
      shareProcessNamespace: false
      terminationGracePeriodSeconds: 0
      tolerations: []
      topologySpreadConstraints: []
      volumes:
      - {name: a, emptyDir: {medium: '', sizeLimit: 1024Ki}}
      - {name: b}
      - {name: c, projected: {sources: [{configMap: {name: a, items: [], optional: false}}]}}
      containers:
      - name: a
        image: b:1
        args: []
        command: []
        env: [{name: A, value: ''}]
        envFrom: []
        imagePullPolicy: ''
        livenessProbe: {httpGet: {port: 80, path: '', httpHeaders: []}, initialDelaySeconds: 0, timeoutSeconds: 0}
        ports: [{containerPort: 80, hostPort: 0, name: '', protocol: ''}]
        resources: {limits: {cpu: 1000m, memory: 1024Mi, ephemeral-storage: 2000}, requests: {cpu: 0.5, memory: 0.5Gi}}
        securityContext: {privileged: false, runAsUser: 0, capabilities: {add: [], drop: []}}
        stdin: false
        terminationMessagePath: ''
        volumeMounts: [{name: a, mountPath: /x, readOnly: false, subPath: ''}]
        workingDir: ''
      - {name: b, image: c, resources: {limits: {}, requests: {}}, securityContext: {}}
""",
]
AMOUNTS = (
    "1 1000m 0.5 1.5 1.234 10.62k 1500 1000 1e3 12e5 15e2 1000000e0 5. .5 0 0Gi 1024Mi 0.5Gi 1.1Gi 0.5Ki 1023Mi 9Ei"
)


@pytest.mark.parametrize("text", OBJECTS)
async def test_what_is_empty_is_there_where_the_server_keeps_it(plane: ControlPlane, text: str) -> None:
    body = {**yaml.safe_load(META), **yaml.safe_load(text)}
    status, answer = await plane.call("POST", await path_of(plane, body), body, dryRun="All", fieldValidation="Strict")
    assert status == 201, answer["message"]
    assert unlike(body, answer) == []


async def test_a_quantity_is_written_as_the_server_writes_it(plane: ControlPlane) -> None:
    containers = [
        {"name": f"a{number}", "image": "a:1", "resources": {"limits": {"cpu": text}}}
        for number, text in enumerate(AMOUNTS.split())
    ]
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "default"}}
    body["spec"] = {"containers": containers}
    status, answer = await plane.call("POST", await path_of(plane, body), body, dryRun="All")
    assert status == 201, answer["message"]
    assert unlike(body, answer) == []
