"""Landlock: what a process may read, write and execute from now on. https://docs.kernel.org/userspace-api/landlock.html"""

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

from bot.jail.kernel import call

__all__ = ["EXECUTE", "READ", "WRITE", "abi", "restrict"]

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_FLAG = 1
PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE = 1 << 4, 1 << 5
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM = (1 << bit for bit in range(6, 13))
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
BIND_TCP, CONNECT_TCP = 1, 2
ABSTRACT_SOCKETS, SIGNALS = 1, 2

ANY = (1 << 13) - 1
READ = READ_FILE | READ_DIR
WRITE = READ | WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_FIFO | MAKE_SYM | REFER
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV


def abi() -> int:
    """The version of Landlock that the kernel has; 0: none, or it is switched off."""
    try:
        return call(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(VERSION_FLAG))
    except OSError:
        return 0


def handled(version: int) -> tuple[int, int, int]:
    """What a ruleset of that version is about: (file accesses, network accesses, scopes)."""
    files = ANY
    for since, access in ((2, REFER), (3, TRUNCATE), (5, IOCTL_DEV)):
        if version >= since:
            files |= access
    return files, (BIND_TCP | CONNECT_TCP) if version >= 4 else 0, (ABSTRACT_SOCKETS | SIGNALS) if version >= 6 else 0


def restrict(version: int, rules: Iterable[tuple[str, int]]) -> None:
    """Leave this process only what `rules` allow: each a path and what may be done at and below it.

    A path that is not there gives nothing. `no_new_privs` is set by then. OSError: the kernel refused.
    """
    files, network, scopes = handled(version)
    attributes = struct.pack("<QQQ", files, network, scopes)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = call(CREATE_RULESET, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for path, access in rules:
            allow(ruleset, path, access & files)
        call(RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def allow(ruleset: int, path: str, access: int) -> None:
    """One rule. The path is followed to what it names now."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            access &= OF_A_FILE
        rule = struct.pack("<Qi", access, place)
        call(ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(PATH_BENEATH), rule, ctypes.c_uint32(0))
    finally:
        os.close(place)
