"""IP addresses in CEL: `ip("::1").isLoopback()`.

https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-ip-address-library
"""

import ipaddress
from typing import Any

from bot.check.cel.library.declare import Function, function, method, tagged, untagged

__all__ = ["FUNCTIONS", "Address", "parse"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
BROADCAST = ipaddress.IPv4Address("255.255.255.255")


def parse(text: str) -> Address | None:
    """The address; None: it is none, has a zone, or is an IPv4 address in the clothes of IPv6."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped is not None or address.scope_id):
        return None
    return None if "%" in text else address


def ip(text: str) -> dict[str, Any]:
    """The address that a text stands for."""
    address = parse(text)
    if address is None:
        raise ValueError("not an IP address")
    return tagged("ip", str(address))


def is_canonical(text: str) -> bool:
    """Whether it is written in the one recommended way (RFC 5952)."""
    return bool(untagged("ip", ip(text)) == text)


def read(value: Any) -> Address:
    """The address of a value."""
    return ipaddress.ip_address(untagged("ip", value))


def is_link_local_multicast(value: Any) -> bool:
    """224.0.0.0/24, or ff02 with any flags."""
    address = read(value)
    if isinstance(address, ipaddress.IPv4Address):
        return int(address) >> 8 == 0xE00000
    return (int(address) >> 112) & 0xFF0F == 0xFF02


def is_global_unicast(value: Any) -> bool:
    """As Go has it: private addresses count."""
    address = read(value)
    special = address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local
    return not special and address != BROADCAST


FUNCTIONS: tuple[Function, ...] = (
    function("ip", "string", "map", ip),
    function("isIP", "string", "bool", lambda text: parse(text) is not None),
    function("ip.isCanonical", "string", "bool", is_canonical),
    method("family", "map", "int", lambda value: read(value).version),
    method("isUnspecified", "map", "bool", lambda value: read(value).is_unspecified),
    method("isLoopback", "map", "bool", lambda value: read(value).is_loopback),
    method("isLinkLocalMulticast", "map", "bool", is_link_local_multicast),
    method("isLinkLocalUnicast", "map", "bool", lambda value: read(value).is_link_local),
    method("isGlobalUnicast", "map", "bool", is_global_unicast),
)
