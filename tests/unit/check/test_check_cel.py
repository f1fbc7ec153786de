"""CEL as the API server has it: Kubernetes' libraries, types, and what happens to what has no result."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.check.cel import ABSENT, Bindings, Definition, Scope, Subject, Unknown, compile, rule_of
from bot.errors import CelError, CelEvaluationError

VARIABLES = frozenset({("object", "dyn"), ("oldObject", "dyn"), ("request.operation", "string")})
SCOPE = Scope(variables=VARIABLES)


def result(expression, scope=SCOPE, **values):
    given = {"object": None, "oldObject": None, "request.operation": "CREATE", **values}
    return compile(expression, scope).evaluate(Bindings(given, VARIABLES))


HOLD = """
quantity("1.5k") == quantity("1500")
quantity("0.5Gi") == quantity("512Mi")
quantity("1e3") == quantity("1k")
quantity("+2") == quantity("2.0")
quantity("1n").sign() == 1 && quantity("0").sign() == 0 && quantity("-3m").sign() == -1
quantity("0.1n") == quantity("1n")
quantity("10Ei") == quantity("9223372036854775807")
quantity("10E").isGreaterThan(quantity("9Ei"))
quantity("1Gi").isGreaterThan(quantity("1G")) && quantity("1G").isLessThan(quantity("1Gi"))
quantity("5").compareTo(quantity("5000m")) == 0 && quantity("5").compareTo(quantity("6")) == -1
quantity("50k").sub(20000).asApproximateFloat() == 30000.0
quantity("50k").add(quantity("20")) == quantity("50020")
quantity("50").add(-50).isInteger() && quantity("50k").asInteger() == 50000
!quantity("1.5").isInteger() && !quantity("100E").isInteger()
isQuantity("1.3Gi") && isQuantity(".5") && isQuantity("5.")
!isQuantity("1,3G") && !isQuantity("") && !isQuantity("1 ")
!isQuantity("1Kii") && !isQuantity("1K") && !isQuantity("10Mo") && !isQuantity("e3")
isSemver("1.0.0") && !isSemver("v1.0")
!isSemver("01.2.3") && !isSemver("1.2.3-01") && isSemver("1.2.3-0a+x.y")
isSemver("v1.0", true) && isSemver("01.02.3", true) && !isSemver("1.0-beta", true) && !isSemver("a", true)
semver("v1.2", true) == semver("1.2.0") && semver("1.2.3+a") == semver("1.2.3+b")
semver("1.2.3").major() == 1 && semver("1.2.3").minor() == 2 && semver("1.2.3").patch() == 3
semver("1.0.0-alpha").isLessThan(semver("1.0.0-alpha.1"))
semver("1.0.0-alpha.1").isLessThan(semver("1.0.0-beta"))
semver("1.0.0-2").isLessThan(semver("1.0.0-11")) && semver("1.0.0-11").isLessThan(semver("1.0.0-a"))
semver("1.0.0-rc").isLessThan(semver("1.0.0")) && semver("2.0.0").compareTo(semver("10.0.0")) == -1
url("https://user:pass@example.com:80/path?query=val#fragment").getHost() == "example.com:80"
url("https://example.com:80/").getHostname() == "example.com"
url("https://example.com:80/").getPort() == "80"
url("https://[::1]:80/").getHost() == "[::1]:80" && url("https://[::1]:80/").getHostname() == "::1"
url("/path").getHost() == "" && url("/path").getPort() == "" && url("/path").getScheme() == ""
url("HTTPS://a/").getScheme() == "https" && url("mailto:a@b").getScheme() == "mailto"
url("https://example.com/path with spaces/").getEscapedPath() == "/path%20with%20spaces/"
url("https://example.com/a%2Fb").getEscapedPath() == "/a%2Fb"
url("https://example.com/path?k1=a&k2=b&k2=c+d&k3=&%zz=1").getQuery() == {"k1": ["a"], "k2": ["b", "c d"], "k3": [""]}
isURL("https://a:80/") && isURL("/absolute") && isURL("*") && !isURL("../relative") && !isURL("https://a:b/")
!isURL(":x") && !isURL("") && !isURL("https://a b/")
!isURL("/%zz") && !isURL("a.b/c") && !isURL("https://[::1/")
isIP("127.0.0.1") && isIP("::1") && !isIP("127.0.0.1.5")
!isIP("01.0.0.1") && !isIP("fe80::1%eth0") && !isIP("::ffff:1.2.3.4")
ip("::0:1") == ip("::1") && ip("1.2.3.4").family() == 4
ip("::1").family() == 6 && string(ip("::0:1")) == "::1"
ip.isCanonical("127.0.0.1") && !ip.isCanonical("2001:DB8::1") && ip.isCanonical("2001:db8::1")
ip("0.0.0.0").isUnspecified() && ip("127.5.0.1").isLoopback() && ip("224.0.0.9").isLinkLocalMulticast()
ip("ff02::1").isLinkLocalMulticast()
!ip("224.0.1.9").isLinkLocalMulticast() && ip("fe80::1").isLinkLocalUnicast()
ip("192.168.0.1").isGlobalUnicast()
!ip("255.255.255.255").isGlobalUnicast() && !ip("127.0.0.1").isGlobalUnicast()
isCIDR("10.0.0.0/8") && isCIDR("::1/128")
!isCIDR("10.0.0.0/33") && !isCIDR("10.0.0.0") && !isCIDR("10.0.0.0/08")
!isCIDR("10.0.0.0/255.0.0.0") && !isCIDR("::ffff:1.2.3.4/112") && isCIDR("10.1.2.3/8")
cidr("10.1.2.3/8").masked() == cidr("10.0.0.0/8") && cidr("10.1.2.3/8") != cidr("10.0.0.0/8")
cidr("10.0.0.0/8").containsIP("10.1.2.3") && !cidr("10.0.0.0/8").containsIP(ip("11.0.0.1"))
!cidr("10.0.0.0/8").containsIP("::1") && cidr("10.0.0.0/8").containsCIDR("10.0.0.0/9")
!cidr("10.0.0.0/8").containsCIDR(cidr("10.0.0.0/7")) && !cidr("::/0").containsCIDR("10.0.0.0/8")
cidr("10.1.2.3/8").ip() == ip("10.1.2.3")
cidr("10.0.0.0/8").prefixLength() == 8 && string(cidr("::/0")) == "::/0"
"abc 123".find("[0-9]+") == "123" && "abc".find("[0-9]+") == "" && "x".find("") == ""
"123 abc 456".findAll("[0-9]+") == ["123", "456"] && "1 2 3".findAll("[0-9]", 2) == ["1", "2"]
"123 abc".findAll("[0-9]", 0) == []
"abc".findAll("b*") == ["", "b", ""] && "1 2".findAll("[0-9]", -1).size() == 2
"aBc".matches("(?i)ABC") && "x-1".matches("^[a-z]-\\\\d$")
[1, 3].sum() == 4 && [1.5, 2.5].sum() == 4.0
[].sum() == 0 && [duration("1m"), duration("1s")].sum() == duration("61s")
[1, 3].min() == 1 && [1, 3].max() == 3
["b", "a"].min() == "a" && [duration("1s"), duration("2s")].max() == duration("2s")
[1, 2].isSorted() && ![2, 1].isSorted() && [].isSorted() && ["a", "b"].isSorted() && [false, true].isSorted()
["a", "b", "b"].indexOf("b") == 1 && ["a", "b", "b"].lastIndexOf("b") == 2 && ["a"].indexOf("c") == -1
[true].indexOf(1) == -1 && [1].indexOf(1.0) == 0 && [[1]].indexOf([1]) == 0 && "abcb".indexOf("b") == 1
"abcb".lastIndexOf("b") == 3 && "a,b".split(",") == ["a", "b"] && ["a", "b"].join("-") == "a-b"
"aBc".lowerAscii() == "abc" && " a ".trim() == "a"
"abcd".substring(1, 3) == "bc" && "aa".replace("a", "b", 1) == "ba"
"%s is %d, %.1f".format(["a", 1, 2.55]) == "a is 1, 2.5" || "%s is %d, %.1f".format(["a", 1, 2.55]) == "a is 1, 2.6"
sets.contains([1, 2, 3], [2]) && sets.equivalent([1, 2], [2, 1, 1]) && sets.intersects([1], [1, 2])
math.greatest(1, 2) == 2 && math.least(1, 2.5) == 1
base64.decode("YQ==") == b"a" && base64.encode(b"a") == "YQ=="
[1, 2].all(i, v, i < v)
{"a": 1}.exists(k, v, k == "a" && v == 1) && [1, 2].transformList(i, v, i * v) == [0, 2]
{"a": 1}.transformMap(k, v, v + 1) == {"a": 2} && {"a": "x"}.transformMap(k, v, v == "x") == {"a": true}
{"a": 1}.?a.orValue(2) == 1 && !{"a": 1}.?b.hasValue()
[1][?1].orValue(5) == 5 && optional.of(1).optMap(x, x + 1).value() == 2
!format.dns1123Label().validate("my-label-name").hasValue()
format.dns1123Label().validate("UPPER").hasValue()
!format.dns1123Subdomain().validate("a.b-c").hasValue() && format.dns1035Label().validate("1a").hasValue()
!format.dns1123LabelPrefix().validate("my-").hasValue() && format.dns1123Label().validate("my-").hasValue()
!format.labelValue().validate("").hasValue() && format.labelValue().validate("a/b").hasValue()
!format.qualifiedName().validate("example.com/a_B.c").hasValue()
format.qualifiedName().validate("/a").hasValue()
!format.uuid().validate("123e4567-e89b-12d3-a456-426614174000").hasValue()
format.uuid().validate("x").hasValue()
!format.byte().validate("YQ==").hasValue()
format.byte().validate("YQ=").hasValue() && !format.uri().validate("/a").hasValue()
!format.date().validate("2030-01-31").hasValue() && format.date().validate("2030-02-31").hasValue()
!format.datetime().validate("2030-01-31T10:00:00Z").hasValue()
format.datetime().validate("2030-01-31").hasValue()
format.named("dns1123Label").hasValue() && !format.named("nonesuch").hasValue()
!format.named("dns1123Label").value().validate("a").hasValue()
format.dns1123Label().validate("A").value().size() == 1
"""


@pytest.mark.parametrize("expression", HOLD.strip().split("\n"))
def test_it_holds(expression):
    assert result(expression) is True


FAIL = """
quantity("three") == quantity("3")
quantity("1e100000") == quantity("3")
quantity("1.5").asInteger() == 1
semver("1.0") == semver("1.0.0")
url("nope").getHost() == ""
ip("1.2.3") == ip("1.2.3.4")
cidr("10.0.0.0").prefixLength() == 8
ip("1.2.3.4").prefixLength() == 8
cidr("10.0.0.0/8").isLoopback()
quantity("1").isLessThan(semver("1.0.0"))
{"a": 1}.hasValue()
[].min() == 1
[1, "a"].max() == 1
["a"].sum() == 1
[9223372036854775807, 1].sum() == 0
"a".find("(") == ""
object.nope == 1
1 / 0 == 1
[1][2] == 1
string({"a": 1}) == "a"
{"a": 1, "b": 2}.transformMapEntry(k, v, {"c": v}) == {}
[1, 2, 3].map(x, [1, 2, 3].map(y, [1, 2, 3].map(z, x))).size() == object.missing
lists.range(200).all(a, lists.range(200).all(b, true))
"""


@pytest.mark.parametrize("expression", FAIL.strip().split("\n"))
def test_what_has_no_result_is_an_error(expression):
    with pytest.raises(CelEvaluationError):
        result(expression, object={"a": 1})


@pytest.mark.parametrize(
    ("expression", "message", "line", "column"),
    [
        ("foo(1)", "foo is not known", 1, 4),
        ("true &&\n  object.all(x, nope)", "nope is not known", 2, 17),
        ("authorizer.path('/').allowed()", "authorizer is not supported", 1, 1),
        ("request.userName == ''", "request.userName is not known", 1, 8),
        ("1 + 'a'", "found no matching overload", 1, 3),
        ("(1", "Syntax error", 1, 3),
        ("variables.later == 1", "variables.later is not known", 1, 10),
        ("variables.n == 1 && nope", "nope is not known", 1, 21),
        ("'a' + 'b'", "the result must be bool, and is string", 1, 1),
        ("object.spec", "the result must be bool, and is dyn", 1, 1),
        ("1 == " + "(" * 40 + "1" + ")" * 40, "", 1, 1),
        ("'" + "x" * 17_000 + "' == ''", "more than 16,384 characters", 1, 1),
        ("'\0' == ''", "NUL", 1, 1),
    ],
)
def test_what_does_not_compile_is_refused_at_its_place(expression, message, line, column):
    scope = Scope(variables=VARIABLES, definitions=(Definition(name="n", expression="object.a // how many"),))
    with pytest.raises(CelError) as caught:
        compile(expression, scope, ("bool",))
    assert message in caught.value.message
    assert caught.value.message.isprintable()
    if message:
        assert (caught.value.line, caught.value.column) == (line, column)


def test_a_definition_is_evaluated_when_it_is_used():
    definitions = (
        Definition(name="list", expression="object.items // with a comment"),
        Definition(name="count", expression="variables.list.size()"),
        Definition(name="broken", expression="object.nope.x"),
        Definition(name="maybe", expression="object.?items"),
    )
    scope = Scope(variables=VARIABLES, definitions=definitions)
    assert result("variables.count == 2", scope, object={"items": [1, 2]}) is True
    assert result("true || variables.broken == 1", scope, object={}) is True
    assert result("variables.maybe.hasValue() && 'variables.count' != ''", scope, object={"items": []}) is True
    assert result("object.variables.count == 7", scope, object={"variables": {"count": 7}}) is True
    with pytest.raises(CelEvaluationError, match="nope"):
        result("variables.broken == 1", scope, object={})


def test_a_value_that_is_not_known_fails_only_what_uses_it():
    unknown = Unknown("is not known: the base does not render")
    assert result("request.operation == 'CREATE' || oldObject.a == 1", oldObject=unknown) is True
    for expression in ("oldObject == null", "oldObject.a == 1", "!has(oldObject.a)", "oldObject.?a.orValue(1) == 1"):
        with pytest.raises(CelEvaluationError, match="oldObject is not known: the base does not render"):
            result(expression, oldObject=unknown)
    with pytest.raises(CelEvaluationError, match=r"request\.operation is not known"):
        result("request.operation == 'CREATE'", **{"request.operation": unknown})


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"a": "x\0y"}, "NUL"),
        ({"a\0": 1}, "NUL"),
        ({"a": 2**63}, "64 bits"),
        ({"a": [-(2**63) - 1]}, "64 bits"),
        ({"a": "\ud800"}, "Unicode"),
        ({"a": list(range(4001))}, "4,000 items"),
        ({"a": {str(number): 1 for number in range(4001)}}, "4,000 items"),
        ({"a": object()}, "no type in CEL"),
    ],
)
def test_a_value_that_the_engine_reads_wrongly_is_not_known(value, why):
    with pytest.raises(CelEvaluationError, match=f"object holds .*{why}"):
        result("object.a == 'x'", object=value)
    assert result("oldObject == null", object=value) is True


def test_nulls_in_maps_are_not_there_and_in_lists_are():
    assert result("!has(object.a) && object.b == [null, 1]", object={"a": None, "b": [None, 1]}) is True


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is not counted from Python 3.12 on")
def test_nulls_never_cost_the_interpreter_its_none():
    for _ in range(200):
        result("object.indexOf('a') == -1", object=[None] * 100)
    assert sys.getrefcount(None) > 1 << 50


def test_a_list_near_the_limit_is_evaluated_and_its_memory_freed():
    assert result("object.map(x, x + 1).size() == 1500", object=list(range(1500))) is True


@settings(deadline=None)
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_any_value_equals_itself_or_is_not_known(value):
    try:
        assert result("object == oldObject", object=value, oldObject=value) is True
    except CelEvaluationError as error:
        assert "object holds" in str(error)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_compiles_or_is_refused_on_one_line(text):
    scope = Scope(variables=VARIABLES, definitions=(Definition(name="n", expression="object.a"),))
    try:
        compile(text, scope, ("bool",))
    except CelError as error:
        assert error.message.isprintable()
        assert error.line >= 1 and error.column >= 1


@settings(deadline=None)
@given(st.from_regex(r"[+-]?[0-9]{1,12}(\.[0-9]{1,6})?(k|Ki|M|Mi|m|u|e2|)", fullmatch=True))
def test_a_quantity_equals_its_sum_of_parts(text):
    assert result(f'quantity("{text}").add(quantity("{text}")).sub(quantity("{text}")) == quantity("{text}")') is True


def test_a_rule_of_a_schema():
    rule = rule_of(
        {
            "rule": "self.least <= self.most",
            "messageExpression": "'least is ' + string(self.least)",
            "fieldPath": ".least",
        }
    )
    assert rule.broken(Subject({"least": 1, "most": 2}, {})) is None
    broken = rule.broken(Subject({"least": 3, "most": 2}, {}))
    assert broken is not None
    assert (broken.message, broken.path) == ("least is 3", ("least",))


def test_a_rule_without_a_message_says_itself():
    broken = rule_of({"rule": "self > 1"}).broken(Subject(1, {}))
    assert broken is not None
    assert broken.message == "failed rule: self > 1"


def test_a_transition_holds_where_there_was_nothing():
    rule = rule_of({"rule": "self == oldSelf", "message": "is immutable"})
    assert rule.broken(Subject(1, {}, ABSENT)) is None
    assert rule.broken(Subject(1, {}, 1)) is None
    broken = rule.broken(Subject(1, {}, 2))
    assert broken is not None and broken.message == "is immutable"
    with pytest.raises(CelEvaluationError, match="oldSelf is not known"):
        rule.broken(Subject(1, {}, Unknown("is not known: the base does not render")))


def test_an_optional_old_value_is_asked_for_in_any_case():
    rule = rule_of({"rule": "oldSelf.hasValue() ? self >= oldSelf.value() : self == 0", "optionalOldSelf": True})
    assert rule.broken(Subject(0, {}, ABSENT)) is None
    assert rule.broken(Subject(1, {}, ABSENT)) is not None
    assert rule.broken(Subject(2, {}, 1)) is None
    with pytest.raises(CelEvaluationError, match="oldSelf is not known"):
        rule.broken(Subject(1, {}, Unknown("is not known: the base does not render")))


def test_formats_of_a_schema_are_times_and_odd_names_are_escaped():
    schema = {
        "properties": {
            "a-b": {"type": "integer"},
            "namespace": {"type": "string"},
            "at": {"type": "string", "format": "date-time"},
            "day": {"type": "string", "format": "date"},
            "wait": {"type": "string", "format": "duration"},
            "raw": {"type": "string", "format": "byte"},
            "share": {"type": "number"},
            "list": {"items": {"properties": {"x.y": {"type": "string"}}}},
            "map": {"additionalProperties": {"type": "string", "format": "duration"}},
        }
    }
    value = {
        "a-b": 1, "namespace": "n", "at": "2020-01-01T00:00:00Z", "day": "2020-01-02", "wait": "1h30m", "raw": "YQ==",
        "share": 1, "list": [{"x.y": "z"}], "map": {"k-1": "-2s"},
    }  # fmt: skip
    rule = rule_of(
        {
            "rule": "self.a__dash__b == 1 && self.__namespace__ == 'n' && self.at < self.day && self.raw == b'a'"
            " && self.wait == duration('90m') && self.share == 1.0 && self.list[0].x__dot__y == 'z'"
            " && self.map['k-1'] == duration('-2s')"
        }
    )
    assert rule.broken(Subject(value, schema)) is None


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ({"rule": "self.a = 1"}, "Syntax error"),
        ({"rule": "object.a == 1"}, "object.a is not known"),
        ({"rule": "'a'"}, "must be bool"),
        ({"rule": "true", "fieldPath": "a b"}, "fieldPath"),
        ({"rule": "true", "severity": "high"}, "severity of a validation rule is not supported"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused(validation, message):
    with pytest.raises(CelError, match=message):
        rule_of(validation)
