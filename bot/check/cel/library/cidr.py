"""Networks in CEL: `cidr("10.0.0.0/8").containsIP("10.1.2.3")`.

https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-cidr-library
"""

import ipaddress
import re
from typing import Any

from bot.check.cel.library import ip
from bot.check.cel.library.declare import KIND, Function, function, method, tagged, untagged

__all__ = ["FUNCTIONS"]

Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface
LENGTH = re.compile("0|[1-9][0-9]{0,2}", re.ASCII)


def parse(text: str) -> Interface | None:
    """An address with the length of its network; None: it is none."""
    address, slash, length = text.partition("/")
    if not slash or ip.parse(address) is None or LENGTH.fullmatch(length) is None:
        return None
    try:
        return ipaddress.ip_interface(text)
    except ValueError:
        return None


def cidr(text: str) -> dict[str, Any]:
    """The network that a text stands for; the bits behind its length stay."""
    interface = parse(text)
    if interface is None:
        raise ValueError("not a network in CIDR notation")
    return tagged("cidr", str(interface))


def read(value: Any) -> Interface:
    """The network of a value, or of a text."""
    return ipaddress.ip_interface(untagged("cidr", cidr(value) if isinstance(value, str) else value))


def contains_ip(value: Any, inner: Any) -> bool:
    """Whether the address lies in the network; those of the other family never do."""
    address = ip.read(ip.ip(inner) if isinstance(inner, str) else inner)
    network = read(value).network
    return address.version == network.version and address in network


def contains_cidr(value: Any, inner: Any) -> bool:
    """Whether all of the inner network lies in the outer one."""
    outer, other = read(value).network, read(inner).network
    if isinstance(outer, ipaddress.IPv4Network) and isinstance(other, ipaddress.IPv4Network):
        return other.subnet_of(outer)
    if isinstance(outer, ipaddress.IPv6Network) and isinstance(other, ipaddress.IPv6Network):
        return other.subnet_of(outer)
    return False


def text_of(value: Any) -> str:
    """`string(ip(…))` and `string(cidr(…))`."""
    if value.get(KIND) not in ("ip", "cidr"):
        raise ValueError("a map cannot be converted to a string")
    return str(value["value"])


FUNCTIONS: tuple[Function, ...] = (
    function("cidr", "string", "map", cidr),
    function("isCIDR", "string", "bool", lambda text: parse(text) is not None),
    function("string", "map", "string", text_of),
    method("containsIP", "map string", "bool", contains_ip),
    method("containsIP", "map map", "bool", contains_ip),
    method("containsCIDR", "map string", "bool", contains_cidr),
    method("containsCIDR", "map map", "bool", contains_cidr),
    method("ip", "map", "map", lambda value: ip.ip(str(read(value).ip))),
    method("masked", "map", "map", lambda value: tagged("cidr", str(read(value).network))),
    method("prefixLength", "map", "int", lambda value: read(value).network.prefixlen),
)
