"""What the check `schemas` finds is what a real API server refuses: fields, formats, defaults, lists, nulls."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from bot.check.schemas.custom.formats import STRING_FORMATS
from tests.support.control_plane import ControlPlane
from tests.support.served import definition, ours, served, theirs

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXT = {"type": "string"}
WIDGET: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "metadata": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 10}}},
        "spec": {
            "type": "object",
            "required": ["needed", "size"],
            "properties": {
                **{f"f{name}": {"type": "string", "format": name} for name in STRING_FORMATS},
                "needed": TEXT,
                "size": {"type": "string", "default": "small", "enum": ["small", "large"]},
                "port": {"x-kubernetes-int-or-string": True},
                "share": {"x-kubernetes-int-or-string": True, "minimum": 1, "maximum": 5},
                "i32": {"type": "integer", "format": "int32"},
                "i64": {"type": "integer"},
                "number": {"type": "number", "minimum": 0, "exclusiveMinimum": True},
                "five": {"type": "integer", "multipleOf": 5},
                "above": {"type": "integer", "minimum": 0.5, "exclusiveMinimum": True},
                "below": {"type": "integer", "format": "int32", "maximum": 3e9},
                "half": {"type": "integer", "multipleOf": 0.5, "nullable": True},
                "exact": {"type": "integer", "minimum": 1.0},
                "nullable": {"type": "string", "nullable": True},
                "word": {"type": "string", "pattern": "a(?i)b", "minLength": 2, "maxLength": 4},
                "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {
                    "known": {"type": "object", "properties": {"a": TEXT}}}},
                "free": {"x-kubernetes-preserve-unknown-fields": True},
                "partly": {"x-kubernetes-preserve-unknown-fields": True, "properties": {"a": TEXT}},
                "inner": {"type": "object", "x-kubernetes-embedded-resource": True, "properties": {
                    "spec": {"type": "object", "properties": {"a": TEXT}}}},
                "whole": {"type": "object", "x-kubernetes-embedded-resource": True,
                          "x-kubernetes-preserve-unknown-fields": True},
                "map": {"type": "object", "additionalProperties": {"type": "integer"}, "maxProperties": 2},
                "set": {"type": "array", "x-kubernetes-list-type": "set", "items": TEXT},
                "items": {"type": "array", "x-kubernetes-list-type": "map",
                          "x-kubernetes-list-map-keys": ["port", "protocol"], "maxItems": 3,
                          "items": {"type": "object", "required": ["port"], "properties": {
                              "port": {"type": "integer"}, "protocol": {"type": "string", "default": "TCP"},
                              "other": {"type": "object", "properties": {"deep": TEXT}}}}},
                "one": {"type": "object", "properties": {"a": TEXT, "b": TEXT},
                        "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
                "some": {"type": "object", "properties": {"a": TEXT, "b": TEXT},
                         "anyOf": [{"required": ["a"]}, {"properties": {"b": {"enum": ["x"]}}, "required": ["b"]}]},
                "none": {"type": "object", "properties": {"a": TEXT}, "not": {"required": ["a"]}},
                "all": {"type": "object", "properties": {"a": {"type": "integer"}},
                        "allOf": [{"properties": {"a": {"minimum": 3}}}]},
                "nested": {"type": "object", "default": {"deep": "y"}, "required": ["deep"], "properties": {
                    "deep": {"type": "string", "default": "x"}}},
            },
        },
    },
}  # fmt: skip


SAMPLES: Mapping[str, tuple[str, ...]] = {
    "bsonobjectid": ("507f1f77bcf86cd799439011", "507f1f77bcf86cd79943901", "x"),
    "uri": ("https://a.example/b?c=d", "/a/b", "a/b", "", "mailto:a@b.c", "https://a:b/", "http://a b/", "//x", "a:b",
            "http://[::1]:80/", "http://[::1/", "%zz", "http://a/%zz", ":a", "1a:b", "http://a/#f"),
    "email": ("a@b.c", "A B <a@b.c>", "a", "a@", "@b", "a b@c", "a@b@c", '"a b"@c', "<a@b.c>", "a@b c"),
    "hostname": ("a", "a.b", "a.example", "-a.example", "a_b", "a..b", "a.", "A", "ä.example", "", "a.b-", "1.2.3.4",
                 "x" * 63, "x" * 64, "a-", "a.1"),
    "ipv4": ("1.2.3.4", "01.02.03.04", "1.2.3", "256.1.1.1", "::1", "::ffff:1.2.3.4", "1.2.3.4/8", "1.2.3.4 ", ""),
    "ipv6": ("::1", "1.2.3.4", "::ffff:1.2.3.4", "fe80::1%eth0", ":::", "2001:DB8::", ""),
    "cidr": ("10.0.0.0/8", "10.0.0.1/8", "10.0.0.0/33", "::/0", "::/129", "010.0.0.0/8", "10.0.0.0", "10.0.0.0/",
             "10.0.0.0/08", "10.0.0.0/-1", "fe80::1%a/64", "10.0.0/8"),
    "mac": ("00:00:5e:00:53:01", "00-00-5e-00-53-01", "0000.5e00.5301", "00:00:5e:00:53", "00:00:5E:00:53:01:02:03",
            "0:0:5e:0:53:1", "00:00-5e:00:53:01", "0000.5e00.5301.0203", ""),
    "uuid": ("123e4567-e89b-12d3-a456-426614174000", "123E4567E89B12D3A456426614174000", "123", "",
             "123e4567-e89b-12d3-a456-42661417400g"),
    "uuid3": ("123e4567-e89b-32d3-c456-426614174000", "123e4567-e89b-42d3-a456-426614174000"),
    "uuid4": ("123e4567-e89b-42d3-a456-426614174000", "123e4567-e89b-42d3-c456-426614174000"),
    "uuid5": ("123e4567-e89b-52d3-a456-426614174000", "123e4567-e89b-52d3-c456-426614174000"),
    "isbn": ("0321751043", "978-0321751041", "0321751044", "x"),
    "isbn10": ("0321751043", "978-0321751041", "0-321-75104-3", "080442957X"),
    "isbn13": ("978-0321751041", "0321751043", "978 0321751041", "9780321751042"),
    "creditcard": ("4111 1111 1111 1111", "4111111111111112", "378282246310005", ""),
    "ssn": ("123-45-6789", "123456789", "123 45 6789", "123-456789"),
    "hexcolor": ("#fff", "FFFFFF", "#ffff", "", "#ggg"),
    "rgbcolor": ("rgb(0,0,0)", "rgb(255, 255, 255)", "rgb(256,0,0)", "rgb(01,0,0)", "RGB(0,0,0)", "rgb( 1 , 2 , 3 )"),
    "byte": ("YWJj", "YWI=", "YQ==", "YQ", "", "YW Jj", "YWJj\n", "a-_b", "YQ==YQ=="),
    "date": ("2030-01-31", "2030-02-30", "2030-1-1", "0000-02-29", "30-01-01", "2024-02-29", "2023-02-29"),
    "duration": ("1h30m", "90s", "1.5h", "3 days", "3days", "-1h", "1", "0", "", "1 fortnight", "1h 2", "1µs", "2w",
                 "1H", "1.h", ".5s", ".s", "5 minutes ago", "1hours"),
    "datetime": ("2030-01-31T12:00:00Z", "2030-01-31t12:00:00z", "2030-01-31T12:00:00+01:00", "2030-01-31T12:00:00",
                 "2030-01-31 12:00:00Z", "2030-01-31T24:00:00Z", "2030-01-31T12:00:60Z", "2030-01-31T12:00:00.123Z",
                 "2030-02-30T12:00:00Z", "2030-01-31T12:00:00,5Z", "2030-01-31T12:00Z", ""),
    "k8sshortname": ("a", "a-b", "A", "-a", "a.b", "x" * 63, "x" * 64, ""),
    "k8slongname": ("a.b", "a", "A.b", "a..b", "x" * 253, ".".join(["ab"] * 84), ".".join(["ab"] * 85), ""),
}  # fmt: skip
META = {"apiVersion": "v1", "kind": "Thing"}
SPECS: tuple[Any, ...] = (
    {}, {"size": "large"}, {"size": "medium"}, {"size": None}, {"size": ""}, {"needed": None}, {"needed": 1},
    {"extra": 1},
    {"port": 1}, {"port": "http"}, {"port": 1.5}, {"port": 1.0}, {"port": None}, {"port": True}, {"port": 2**40},
    {"share": 0}, {"share": 1}, {"share": 5}, {"share": 6}, {"share": "50%"}, {"port": 2**63},
    {"i32": 2**31}, {"i32": 2**31 - 1}, {"i32": 1.0}, {"i32": 1.5}, {"i32": "1"}, {"i64": 2**63 - 1},
    {"i64": -(2**63)},
    {"number": 0}, {"number": 1}, {"number": 0.1}, {"number": "1"}, {"five": 10}, {"five": 11},
    {"above": 1}, {"below": 1}, {"half": 1}, {"half": None}, {"exact": 1}, {"exact": 0},
    {"nullable": None}, {"nullable": "a"}, {"nullable": 1},
    {"word": "ab"}, {"word": "aB"}, {"word": "Ab"}, {"word": "xabx"}, {"word": "xxabx"}, {"word": "a"},
    {"any": {"x": {"y": 1}}}, {"any": {"known": {"a": "b"}}}, {"any": {"known": {"b": "b"}}}, {"any": None},
    {"any": []},
    {"free": 1}, {"free": {"a": [1]}}, {"free": None},
    {"partly": {"a": "x", "b": 1}}, {"partly": {"a": 1}}, {"partly": 1}, {"partly": None},
    {"inner": {}}, {"inner": META}, {"inner": {**META, "spec": {"a": "b"}}}, {"inner": {**META, "spec": {"b": "b"}}},
    {"inner": {**META, "other": 1}}, {"inner": {**META, "metadata": {"name": "a"}}},
    {"inner": {**META, "metadata": {"nam": "a"}}}, {"inner": {**META, "metadata": {"labels": {"a": 1}}}},
    {"inner": {**META, "kind": ""}}, {"inner": {**META, "metadata": None}},
    {"whole": {**META, "other": {"x": 1}}}, {"whole": {**META, "metadata": {"nam": "a"}}}, {"whole": {"other": 1}},
    {"map": {"a": 1}}, {"map": {"a": "1"}}, {"map": {"a": 1, "b": 1, "c": 1}}, {"map": {"a": None}},
    {"set": ["a", "b"]}, {"set": ["a", "b", "a"]}, {"set": ["a", None]}, {"set": "a"}, {"set": None},
    {"items": [{"port": 1}, {"port": 2}]}, {"items": [{"port": 1}, {"port": 1}]},
    {"items": [{"port": 1}, {"port": 1, "protocol": "UDP"}]}, {"items": [{"port": 1}, {"port": 1, "protocol": "TCP"}]},
    {"items": [{}]}, {"items": [{"port": 1, "other": {"deep": 1}}]}, {"items": [{"port": 1, "other": {"wide": "a"}}]},
    {"items": [{"port": each} for each in range(4)]}, {"items": [None]},
    {"one": {}}, {"one": {"a": "x"}}, {"one": {"a": "x", "b": "x"}}, {"some": {"b": "x"}}, {"some": {"b": "y"}},
    {"some": {"a": "y"}}, {"none": {}}, {"none": {"a": "x"}}, {"all": {"a": 3}}, {"all": {"a": 2}},
    {"nested": {}}, {"nested": None}, {"nested": {"deep": None}},
)  # fmt: skip


async def test_custom_resources_are_judged_as_the_server_judges_them(plane: ControlPlane) -> None:
    crd = definition("Widget", WIDGET)
    path = await served(plane, crd)
    disagreed = []
    specs = [{"needed": "x", **spec} for spec in SPECS]
    specs += [{"needed": "x", f"f{name}": text} for name, texts in SAMPLES.items() for text in texts]
    for spec in specs:
        body = {"apiVersion": "acme.example/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": spec}
        taken, said = await theirs(plane, path, body)
        found = await ours(body, crd)
        if taken == bool(found):
            disagreed.append((spec, said or "taken", found))
    assert set(SAMPLES) == set(STRING_FORMATS)
    assert not disagreed, "\n".join(map(str, disagreed))


Samples = Sequence[Mapping[str, Any]]
PODS: Samples = (
    {}, {"restartPolicy": "Always"}, {"restartPolicy": "always"}, {"restartPolicy": ""}, {"restartPolicy": None},
    {"dnsPolicy": "ClusterFist"}, {"hostNetwork": "true"}, {"activeDeadlineSeconds": 1.5}, {"priority": 2**31},
    {"tolerations": [{"operator": "Exists"}]}, {"tolerations": [{"operator": "exists"}]},
    {"tolerations": [{"operator": "Exists", "effect": ""}]}, {"nodeSelector": {"a": None}},
    {"nodeSelector": {"a": 1}},
    {"volumes": [{"name": "a", "emptyDir": {"sizeLimit": "1Gi"}}]}, {"volumes": [{"name": "a", "emptyDir": None}]},
    {"volumes": [{"name": "a", "emptyDir": {"sizeLimit": "1Gb"}}]}, {"contaners": []},
    {"contaners": None}, {"volumes": [{"name": "a", "emptyDir": {"medum": None}}]},
    {"activeDeadlineSeconds": 9.0},
)  # fmt: skip
CONTAINERS: Samples = (
    {"imagePullPolicy": "IfNotPresent"}, {"imagePullPolicy": "ifnotpresent"}, {"imagePullPolicy": ""},
    {"ports": [{"containerPort": 80}]}, {"ports": [{"containerPort": 80, "protocol": "tcp"}]},
    {"ports": [{"containerPort": "80"}]}, {"resources": {"limits": {"cpu": 1}}},
    {"resources": {"limits": {"cpu": "1 core"}}}, {"resources": {"limits": {"cpu": " 1 "}}},
    {"resources": {"limits": {"cpu": "1\t"}}}, {"livenessProbe": {"httpGet": {"port": "http"}}},
    {"livenessProbe": {"httpGet": {"port": 80.5}}}, {"terminationMessagePolicy": "file"}, {"env": [{"name": "A"}]},
    {"env": [{"name": "A", "value": 1}]}, {"env": [{"name": "A", "value": None}]}, {"command": "sh"},
    {"securityContext": {"capabilities": {"add": ["NET_ADMIN"]}}}, {"lifecycle": {"postStart": None}},
)  # fmt: skip
SERVICES: Samples = (
    {}, {"type": "NodePort"}, {"type": "Nodeport"}, {"externalTrafficPolicy": ""}, {"sessionAffinity": "none"},
    {"ports": [{"port": 80, "protocol": "HTTP"}]}, {"ipFamilyPolicy": "Dual"}, {"selector": {"a": "b"}},
)  # fmt: skip
MAPS: Samples = (
    {"data": {"a": "b"}}, {"data": {"a": 1}}, {"data": {"a": None}}, {"immutable": "yes"}, {"dta": {}},
    {"binaryData": {"a": "YQ=="}}, {"binaryData": {"a": "YQ"}}, {"binaryData": {"a": "YQ==\n"}},
)  # fmt: skip
CLAIMS: Samples = (
    {"accessModes": ["ReadWriteOnce"]}, {"accessModes": ["ReadWriteonce"]},
    {"accessModes": ["ReadWriteOnce"], "volumeMode": "block"},
)  # fmt: skip
EVENTS: Samples = tuple(
    {"involvedObject": {"namespace": "default"}, "firstTimestamp": each}
    for each in ("2020-01-01T00:00:00Z", "2020-01-01t00:00:00z", "2020-01-01T24:00:00Z", "2020-01-01T0:00:00,5+24:00")
)
SIZE = {"resources": {"requests": {"storage": "1Gi"}}}
CONTAINER: Mapping[str, Any] = {"name": "a", "image": "nginx"}
NATIVE: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    *(("pods", "Pod", {"spec": {"containers": [CONTAINER], **spec}}) for spec in PODS),
    *(("pods", "Pod", {"spec": {"containers": [{**CONTAINER, **extra}]}}) for extra in CONTAINERS),
    *(("services", "Service", {"spec": {"ports": [{"port": 80}], **spec}}) for spec in SERVICES),
    *(("configmaps", "ConfigMap", body) for body in MAPS),
    *(("events", "Event", body) for body in EVENTS),
    *(("persistentvolumeclaims", "PersistentVolumeClaim", {"spec": {**SIZE, **spec}}) for spec in CLAIMS),
)  # fmt: skip


async def test_builtin_kinds_are_judged_as_the_server_judges_them(plane: ControlPlane) -> None:
    disagreed = []
    for plural, kind, rest in NATIVE:
        body = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a"}, **rest}
        taken, said = await theirs(plane, f"/api/v1/namespaces/default/{plural}", body)
        found = await ours(body)
        if taken == bool(found):
            disagreed.append((kind, rest, said or "taken", found))
    assert not disagreed, "\n".join(map(str, disagreed))


ROW = {"type": "array", "x-kubernetes-list-type": "set", "maxItems": 5, "items": {"type": "string", "maxLength": 9}}
RULED: Mapping[str, Any] = {
    "type": "object",
    "x-kubernetes-validations": [{"rule": "self.metadata.name.startsWith('a')"}],
    "properties": {"spec": {
        "type": "object",
        "x-kubernetes-validations": [
            {"rule": "self.low <= self.high", "messageExpression": "'low above ' + (self.high > 3 ? 'three' : 'it')"},
            {"rule": "oldSelf.high <= self.high", "message": "high never falls"},
            {"rule": "!oldSelf.hasValue() || oldSelf.value().low == self.low", "optionalOldSelf": True},
        ],
        "properties": {
            "low": {"type": "integer", "default": 1},
            "high": {"type": "integer", "default": 5},
            "word": {"type": "string", "maxLength": 9, "nullable": True,
                     "x-kubernetes-validations": [{"rule": "self.matches('^[a-z]+$')"}]},
            "atomic": {"type": "array", "x-kubernetes-list-type": "atomic", "maxItems": 5, "items": {
                "type": "integer", "x-kubernetes-validations": [{"rule": "self > 0"}]}},
            "map": {"type": "object", "maxProperties": 5, "additionalProperties": {
                "type": "integer", "x-kubernetes-validations": [{"rule": "self >= oldSelf"}]}},
            "fixed": {"type": "object", "x-kubernetes-map-type": "atomic", "maxProperties": 5, "additionalProperties": {
                "type": "integer", "x-kubernetes-validations": [{"rule": "self >= oldSelf"}]}},
            "set": {**ROW, "x-kubernetes-validations": [{"rule": "self == oldSelf"}]},
            "first": {**ROW, "x-kubernetes-validations": [{"rule": "self[0] == oldSelf[0]"}]},
            "joined": {**ROW, "x-kubernetes-validations": [{"rule": "self.join(',') == oldSelf.join(',')"}]},
            "mapped": {**ROW, "x-kubernetes-validations": [{"rule": "self.map(x, x) == oldSelf.map(x, x)"}]},
            "outer": {"type": "object", "properties": {"set": ROW},
                      "x-kubernetes-validations": [{"rule": "!(self != oldSelf)"}]},
            "keyed": {
                "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "maxItems": 5,
                "x-kubernetes-validations": [{"rule": "self == oldSelf"}],
                "items": {"type": "object", "required": ["name"], "properties": {
                    "name": {"type": "string", "maxLength": 9}, "set": ROW}}},
            "ports": {
                "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "maxItems": 5,
                "items": {"type": "object", "required": ["name"], "properties": {
                    "name": {"type": "string", "maxLength": 9},
                    "port": {"type": "integer", "x-kubernetes-validations": [{"rule": "self == oldSelf"}]}}}},
        },
    }},
}  # fmt: skip
OLD = {
    "low": 1, "high": 4, "map": {"a": 3}, "fixed": {"a": 3},
    "ports": [{"name": "a", "port": 1}, {"name": "b", "port": 2}],
    "set": ["a", "b"], "first": ["a", "b"], "joined": ["a", "b"], "mapped": ["a", "b"], "outer": {"set": ["a", "b"]},
    "keyed": [{"name": "a", "set": ["a", "b"]}, {"name": "b"}],
}  # fmt: skip
CHANGES: tuple[Mapping[str, Any], ...] = (
    {}, {"low": 6}, {"low": 2}, {"high": 3}, {"high": 0}, {"word": "ab"}, {"word": "A"}, {"word": None},
    {"atomic": [1, 2]}, {"atomic": [1, 0]}, {"map": {"a": 2}}, {"map": {"a": 4}}, {"map": {"b": 1}},
    {"fixed": {"a": 2}}, {"fixed": {"a": 4}}, {"fixed": {"b": 1}},
    {"ports": [{"name": "b", "port": 2}]}, {"ports": [{"name": "b", "port": 1}]}, {"ports": [{"name": "c", "port": 1}]},
    *({name: each} for name in ("set", "first", "joined", "mapped") for each in (["b", "a"], ["a"], ["a", "c"])),
    {"outer": {"set": ["b", "a"]}}, {"outer": {"set": ["b"]}},
    {"keyed": [{"name": "b"}, {"name": "a", "set": ["b", "a"]}]}, {"keyed": [{"name": "b"}, {"name": "a"}]},
)  # fmt: skip


async def test_rules_are_applied_as_the_server_applies_them(plane: ControlPlane) -> None:
    crd = definition("Gadget", RULED)
    path = await served(plane, crd)
    disagreed: list[tuple[object, ...]] = []

    def gadget(name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        return {"apiVersion": "acme.example/v1", "kind": "Gadget", "metadata": {"name": name}, "spec": spec}

    status, stored = await plane.call("POST", path, gadget("a", OLD))
    assert status == 201, stored["message"]
    for name, spec in [("a", each) for each in CHANGES] + [("b", {})]:
        taken, said = await theirs(plane, path, gadget(name + "new", spec) if name == "a" else gadget(name, spec))
        found = await ours(gadget(name + "new" if name == "a" else name, spec), crd)
        if taken == bool(found):
            disagreed.append(("create", spec, said or "taken", found))
    for change in CHANGES:
        new = gadget("a", {**OLD, **change})
        sent = {**new, "metadata": {"name": "a", "resourceVersion": stored["metadata"]["resourceVersion"]}}
        status, answer = await plane.call("PUT", f"{path}/a", sent, dryRun="All", fieldValidation="Strict")
        found = await ours(new, crd, old=gadget("a", OLD))
        if (status == 200) == bool(found):
            disagreed.append(("update", change, status, str(answer.get("message", "")), found))
    assert not disagreed, "\n".join(map(str, disagreed))
