"""Expressions of CEL that hold, and expressions that have no result, for every function of Kubernetes' libraries."""

__all__ = ["FAIL", "FAIL_HERE", "HOLD", "HOLD_HERE", "REFUSED", "SEEN", "UNSEEN"]

HOLD = """
quantity("1.5k") == quantity("1500")
quantity("0.5Gi") == quantity("512Mi")
quantity("1e3") == quantity("1k")
quantity("+2") == quantity("2.0")
sign(quantity("1n")) == 1 && sign(quantity("0")) == 0 && sign(quantity("-3m")) == -1
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
!isQuantity("1Kii") && !isQuantity("1K") && !isQuantity("10Mo") && !isQuantity("1.2.3")
isQuantity("e3") && isQuantity("-") && isQuantity(".m") && quantity("Ki") == quantity("0") && !isQuantity("--1")
isSemver("1.0.0") && !isSemver("v1.0")
!isSemver("01.2.3") && !isSemver("1.2.3-01") && isSemver("1.2.3-0a+x.y")
isSemver("1.0.0-18446744073709551615") && !isSemver("1.0.0-18446744073709551616")
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
isURL("//a b/c") && !isURL("https://a#b/") && !isURL("/a#%zz") && !isURL("#a") && isURL("https:a#b")
url("/a#b").getEscapedPath() == "/a" && url("//a/b").getHost() == "a" && url("///a/b").getEscapedPath() == "///a/b"
url("https://a?b=c#d").getQuery() == {"b": ["c"]} && url("https://a").getEscapedPath() == ""
url("https://a/b^c").getEscapedPath() == "/b%5Ec" && url("https://a/b!c").getEscapedPath() == "/b!c"
format.byte().validate("").hasValue() && format.datetime().validate("2030-01-31 10:00:00Z").hasValue()
format.datetime().validate("2030-01-31T10:00:00").hasValue()
format.datetime().validate("2030-01-31T23:59:60Z").hasValue()
"aaa".findAll("a*?") == ["", "", "", ""] && "xabx".findAll("(ab)*") == ["", "ab", ""]
"abab".findAll("(ab)*") == ["abab"]
[1, 3].sum() == 4 && [1.5, 2.5].sum() == 4.0
[].sum() == 0 && [duration("1m"), duration("1s")].sum() == duration("61s")
[1, 3].min() == 1 && [1, 3].max() == 3
["b", "a"].min() == "a" && [duration("1s"), duration("2s")].max() == duration("2s")
[1, 2].isSorted() && ![2, 1].isSorted() && [].isSorted() && ["a", "b"].isSorted() && [false, true].isSorted()
["a", "b", "b"].indexOf("b") == 1 && ["a", "b", "b"].lastIndexOf("b") == 2 && ["a"].indexOf("c") == -1
"abcb".lastIndexOf("b") == 3 && "a,b".split(",") == ["a", "b"] && ["a", "b"].join("-") == "a-b"
duration("1.234s").getMilliseconds() == 1234 && duration("-90.7s").getMilliseconds() == -90700
duration("59.9999s") . getMilliseconds( ) == 59999 && duration("-0.0009s").getMilliseconds() == 0
timestamp("2030-01-31T10:00:00.987Z").getMilliseconds() == 987
timestamp("2030-01-31T10:00:00.987Z").getMilliseconds("+01:00") == 987
timestamp(string("2020-01-31T9:00:00,5+24:60")) == timestamp("2020-01-30T08:00:00.5Z")
timestamp("2020-01-31T10:00:00.123456789-01:30") == timestamp("2020-01-31T11:30:00.123456789Z")
timestamp(1) == timestamp("1970-01-01T00:00:01Z") && timestamp(timestamp(-1)) < timestamp("1970-01-01T00:00:00Z")
1 < 1.5 && 1.5 > 1 && 1 <= 1u && 2u >= 1.5 && !(1 < 0.5) && [1, 2].exists(x, x > 1.5) && 1.0 <= 1
1 < 2 && 1u < 2u && 1.0 < 1.5 && "a" < "b" && b"a" < b"b" && false < true && duration("1s") < duration("2s")
"aBc".lowerAscii() == "abc" && " a ".trim() == "a"
"abcd".substring(1, 3) == "bc" && "abc".substring(1, 3) == "bc" && "é€😀".substring(2, 3) == "😀"
"abc".substring(3) == "" && "abc".substring(0, 0) == "" && "".substring(0) == "" && "abc".substring(1) == "bc"
int("+12") == 12 && int(-1.9) == -1 && int(timestamp("1970-01-01T00:00:01.5Z")) == 1 && int(uint(5)) == 5 && int(3) == 3
int(timestamp("1969-12-31T23:59:58.5Z")) == -2 && type(int("1")) == int && type(double(1)) == double
double("-.5e1") == -5.0 && double("1_0") == 10.0 && double("0x1p3") == 8.0 && double("-Inf") < 0.0
int(duration("1.5s")) == 1500000000 && double(2.5) == 2.5 && double(uint(2)) == 2.0 && int("-9223372036854775808") < 0
"abc".indexOf("c", 1) == 2 && "abc".indexOf("a", 1) == -1 && "abc".indexOf("a", 7) == -1 && "abc".indexOf("b") == 1
"abc".indexOf("", 7) == 7 && "abc".lastIndexOf("", -1) == -1 && "abc".lastIndexOf("") == 3 && "abc".indexOf("") == 0
"abab".lastIndexOf("ab", 1) == 0 && "abab".lastIndexOf("ab", 2) == 2 && "abab".lastIndexOf("ab", 3) == 2
"abab".lastIndexOf("ab", 4) == -1 && "ab".lastIndexOf("abc", 1) == -1 && "a".lastIndexOf("c") == -1
"".split("") == [] && "".split(",") == [""] && "abc".split("", 2) == ["a", "bc"] && "abc".split("") == ["a", "b", "c"]
"a,b,c".split(",", 2) == ["a", "b,c"] && "a,b".split(",", 0) == [] && "a,b".split(",", -1) == ["a", "b"]
"aa".replace("a", "b", 1) == "ba"
"%s is %d, %.1f".format(["a", 1, 2.55]) == "a is 1, 2.5" || "%s is %d, %.1f".format(["a", 1, 2.55]) == "a is 1, 2.6"
sets.contains([1, 2, 3], [2]) && sets.equivalent([1, 2], [2, 1, 1]) && sets.intersects([1], [1, 2])
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
""".strip().split("\n")

HOLD_HERE = r"""
dyn([true]).indexOf(1) == -1 && dyn([1]).indexOf(1.0) == 0 && [[1]].indexOf([1]) == 0 && "abcb".indexOf("b") == 1
""".strip().split("\n")
"""What holds here; an API server refuses it for its types."""

REFUSED = r"""
math.greatest(1, 2) == 2
base64.encode(b"a") == "YQ=="
cel.bind(x, 1, x == 1)
"abc".reverse() == "cba"
1 < "a"
true < 1
""".strip().split("\n")
"""What neither an API server nor Tidegate compiles."""

FAIL = """
quantity("three") == quantity("3")
quantity("1.5").asInteger() == 1
semver("1.0") == semver("1.0.0")
url("nope").getHost() == ""
ip("1.2.3") == ip("1.2.3.4")
"abc".substring(2, 4) == ""
"abc".substring(-1) == ""
"abc".substring(2, 1) == ""
"abc".indexOf("a", -1) == 0
"abc".lastIndexOf("a", -1) == 0
cidr("10.0.0.0").prefixLength() == 8
[].min() == 1
[9223372036854775807, 1].sum() == 0
object.nope == 1
1 / 0 == 1
[1][2] == 1
{"a": 1, "b": 2}.transformMapEntry(k, v, {"c": v}) == {}
[1, 2, 3].map(x, [1, 2, 3].map(y, [1, 2, 3].map(z, x))).size() == object.missing
""".strip().split("\n")

FAIL_HERE = r"""
int(string(" 1")) == 1
int(string("1_0")) == 10
int(string("9223372036854775808")) > 0
int(double("9223372036854775808")) > 0
int(double("nan")) == 0
double(string(" 1")) == 1.0
double(string("1e400")) > 1.0
double(string("1__0")) > 1.0
quantity("1e100000") == quantity("3")
lists.range(200).all(a, lists.range(200).all(b, true))
ip("1.2.3.4").prefixLength() == 8
cidr("10.0.0.0/8").isLoopback()
quantity("1").isLessThan(semver("1.0.0"))
{"a": 1}.hasValue()
[1, "a"].max() == 1
["a"].sum() == 1
"a".find("(") == ""
string({"a": 1}) == "a"
""".strip().split("\n")
"""What has no result here; an API server refuses it for its types or constants, or has more patience."""

SEEN = r"""
has(request.namespace) && has(request.name) && has(request.kind) && has(request.userInfo) && has(request.resource.group)
!has(request.subResource) && !has(request.requestSubResource) && has(request.dryRun) && has(request.options)
request.?namespace.orValue("") == "expressions" && request.?subResource.orValue("none") == "none"
request.namespace == "expressions" && request.operation == "CREATE" && request.name == object.metadata.name
request.kind.kind == "ConfigMap" && request.requestKind.version == "v1" && request.resource.resource == "configmaps"
oldObject == null && !has(oldObject.metadata) && !oldObject.?data.hasValue() && !oldObject[?"data"].hasValue()
oldObject.?data.?a.orValue("none") == "none" && type(oldObject) == null_type
has(object.data) && object.?data.?a.orValue("") == "1" && object.data == {"a": "1"} && "a" in object.data
object.metadata.namespace == "expressions" && !has(object.metadata.labels) && !has(object.binaryData)
object.apiVersion == "v1" && object.kind == "ConfigMap" && object.data.map(k, k) == ["a"] && object["data"]["a"] == "1"
""".strip().split("\n")
"""What holds for a new ConfigMap with the data `{a: "1"}` in the namespace `expressions`."""

UNSEEN = r"""
request.subResource == ""
has(oldObject.data.a)
oldObject.data.a == "1"
object.data.b == "1"
timestamp("2020-01-0" + object.data.a + "T00:00:60Z") > timestamp("2000-01-01T00:00:00Z")
timestamp("2020-01-0" + object.data.a + "t00:00:00z") > timestamp("2000-01-01T00:00:00Z")
timestamp(" 2020-01-0" + object.data.a + "T00:00:00Z") > timestamp("2000-01-01T00:00:00Z")
timestamp("2020-01-" + object.data.a + "T00:00:00Z") > timestamp("2000-01-01T00:00:00Z")
timestamp("2020-01-0" + object.data.a + "T00:00:00+0100") > timestamp("2000-01-01T00:00:00Z")
timestamp("2020-01-0" + object.data.a + "T00:00:00+25:00") > timestamp("2000-01-01T00:00:00Z")
timestamp("2021-02-3" + object.data.a + "T00:00:00Z") > timestamp("2000-01-01T00:00:00Z")
timestamp(253402300799 + int(object.data.a)) > timestamp("2000-01-01T00:00:00Z")
object.data.a > 0
int(object.data.a + " ") == 1
int(object.data.a + "_0") == 10
double(object.data.a + "e400") > 0.0
double(" " + object.data.a) > 0.0
object.spec.?a.hasValue()
""".strip().split("\n")
"""What has no result for it."""
