"""CEL as the API server has it: Kubernetes' libraries, types, and what happens to what has no result."""

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.check.cel.engine import Bindings, Definition, Scope, compile
from bot.check.cel.rules import Subject, rule_of
from bot.check.cel.values import ABSENT, Unknown
from bot.errors import CelError, CelEvaluationError
from bot.model.noun import Json
from tests.support.expressions import FAIL, FAIL_HERE, HOLD, HOLD_HERE, REFUSED

VARIABLES = frozenset({("object", "dyn"), ("oldObject", "dyn"), ("request.operation", "string")})
SCOPE = Scope(variables=VARIABLES)


def result(expression: str, scope: Scope = SCOPE, **values: Any) -> Any:
    given = {"object": None, "oldObject": None, "request.operation": "CREATE", **values}
    return compile(expression, scope).evaluate(Bindings(given, VARIABLES))


@pytest.mark.parametrize("expression", HOLD + HOLD_HERE)
def test_it_holds(expression: str) -> None:
    assert result(expression) is True


@pytest.mark.parametrize("expression", REFUSED)
def test_what_an_api_server_does_not_have_is_refused(expression: str) -> None:
    with pytest.raises(CelError):
        compile(expression, SCOPE)
    with pytest.raises(CelError):
        rule_of({"rule": expression, "optionalOldSelf": True})


@pytest.mark.parametrize("expression", FAIL + FAIL_HERE)
def test_what_has_no_result_is_an_error(expression: str) -> None:
    with pytest.raises(CelEvaluationError):
        result(expression, object={"a": 1})


@pytest.mark.parametrize(
    ("expression", "message", "line", "column"),
    [
        ("foo(1)", "foo is not known", 1, 4),
        ("true &&\n  object.all(x, nope)", "nope is not known", 2, 17),
        ("authorizer.path('/').allowed()", "authorizer is not supported", 1, 1),
        ("[optional.of(1)].unwrapOpt() == [1]", "unwrapOpt is not supported here", 1, 27),
        ("type(ip('::1')) == net.IP", "net.IP is not supported here", 1, 23),
        ("true ||\n cel.bind(x, 1, x == 1)", "cel.bind is not known", 1, 1),
        ("request.userName == ''", "request.userName is not known", 1, 8),
        ("1 + 'a'", "found no matching overload", 1, 3),
        ("'a'.substring('b') == ''", "found no matching overload for 'substring'", 1, 14),
        ("(1", "Syntax error", 1, 3),
        ("duration('1s').getMilliseconds() > 1 && nope", "nope is not known", 1, 41),
        ("variables.later == 1", "variables.later is not known", 1, 10),
        ("variables.n == 1 && nope", "nope is not known", 1, 21),
        ("'a' + 'b'", "the result must be bool, and is string", 1, 1),
        ("object.spec", "the result must be bool, and is dyn", 1, 1),
        ("1 == " + "(" * 40 + "1" + ")" * 40, "", 1, 1),
        ("'" + "x" * 17_000 + "' == ''", "more than 16,384 characters", 1, 1),
        ("'\0' == ''", "NUL", 1, 1),
    ],
)
def test_what_does_not_compile_is_refused_at_its_place(expression: str, message: str, line: int, column: int) -> None:
    scope = Scope(variables=VARIABLES, definitions=(Definition(name="n", expression="object.a // how many"),))
    with pytest.raises(CelError) as caught:
        compile(expression, scope, ("bool",))
    assert message in caught.value.message
    assert caught.value.message.isprintable()
    if message:
        assert (caught.value.line, caught.value.column) == (line, column)


def test_a_definition_is_evaluated_when_it_is_used() -> None:
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


def test_a_value_that_is_not_known_fails_only_what_uses_it() -> None:
    unknown: Any = Unknown("is not known: the base does not render")
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
def test_a_value_that_the_engine_reads_wrongly_is_not_known(value: object, why: str) -> None:
    with pytest.raises(CelEvaluationError, match=f"object holds .*{why}"):
        result("object.a == 'x'", object=value)
    assert result("oldObject == null", object=value) is True


def test_nulls_are_there() -> None:
    value = {"a": None, "b": [None, 1], "c": "ä"}
    assert result("has(object.a) && object.a == null && object.b == [null, 1]", object=value) is True
    with pytest.raises(CelEvaluationError):
        result("object.a.all(x, true)", object=value)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is not counted from Python 3.12 on")
def test_nulls_never_cost_the_interpreter_its_none() -> None:
    for _ in range(200):
        result("object.indexOf('a') == -1", object=[None] * 100)
    assert sys.getrefcount(None) > 1 << 50


def test_a_list_near_the_limit_is_evaluated_and_its_memory_freed() -> None:
    assert result("object.map(x, x + 1).size() == 1500", object=list(range(1500))) is True


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_any_value_equals_itself_or_is_not_known(value: object) -> None:
    try:
        assert result("object == oldObject", object=value, oldObject=value) is True
    except CelEvaluationError as error:
        assert "object holds" in str(error)


@given(st.text(max_size=40))
def test_any_text_compiles_or_is_refused_on_one_line(text: str) -> None:
    scope = Scope(variables=VARIABLES, definitions=(Definition(name="n", expression="object.a"),))
    try:
        compile(text, scope, ("bool",))
    except CelError as error:
        assert error.message.isprintable()
        assert error.line >= 1 and error.column >= 1


@given(st.from_regex(r"[+-]?[0-9]{1,12}(\.[0-9]{1,6})?(k|Ki|M|Mi|m|u|e2|)", fullmatch=True))
def test_a_quantity_equals_its_sum_of_parts(text: str) -> None:
    assert result(f'quantity("{text}").add(quantity("{text}")).sub(quantity("{text}")) == quantity("{text}")') is True


def test_a_rule_of_a_schema() -> None:
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


def test_a_rule_without_a_message_says_itself() -> None:
    broken = rule_of({"rule": "self > 1"}).broken(Subject(1, {}))
    assert broken is not None
    assert broken.message == "failed rule: self > 1"


def test_a_transition_holds_where_there_was_nothing() -> None:
    rule = rule_of({"rule": "self == oldSelf", "message": "is immutable"})
    assert rule.broken(Subject(1, {}, ABSENT)) is None
    assert rule.broken(Subject(1, {}, 1)) is None
    broken = rule.broken(Subject(1, {}, 2))
    assert broken is not None and broken.message == "is immutable"
    with pytest.raises(CelEvaluationError, match="oldSelf is not known"):
        rule.broken(Subject(1, {}, Unknown("is not known: the base does not render")))


def test_an_optional_old_value_is_asked_for_in_any_case() -> None:
    rule = rule_of({"rule": "oldSelf.hasValue() ? self >= oldSelf.value() : self == 0", "optionalOldSelf": True})
    assert rule.broken(Subject(0, {}, ABSENT)) is None
    assert rule.broken(Subject(1, {}, ABSENT)) is not None
    assert rule.broken(Subject(2, {}, 1)) is None
    with pytest.raises(CelEvaluationError, match="oldSelf is not known"):
        rule.broken(Subject(1, {}, Unknown("is not known: the base does not render")))


def test_formats_of_a_schema_are_times_and_odd_names_are_escaped() -> None:
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
def test_a_rule_that_cannot_be_used_is_refused(validation: Json, message: str) -> None:
    with pytest.raises(CelError, match=message):
        rule_of(validation)
