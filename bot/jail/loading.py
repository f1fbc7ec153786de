"""What the kernel executes besides a program's own file: a script's interpreter, and the loader of shared libraries.

Sources: execve(2) (interpreter scripts), elf(5) (PT_INTERP).
"""

import os
import struct

__all__ = ["executed"]

LONGEST_LINE = 256
DEEPEST = 4
INTERPRETER = 3


def executed(path: str, depth: int = 0) -> list[str]:
    """The files that must be executable for `path` to start, itself first. Nothing more where it cannot be read."""
    found = [path]
    try:
        with open(path, "rb") as file:
            start = file.read(LONGEST_LINE)
            if start.startswith(b"#!"):
                named = named_by(start)
            elif start.startswith(b"\x7fELF"):
                named = loader(file.fileno(), start)
            else:
                named = ""
    except (OSError, OverflowError):
        return found
    return [*found, *executed(named, depth + 1)] if named and "\0" not in named and depth < DEEPEST else found


def named_by(line: bytes) -> str:
    """The interpreter in a script's first line."""
    words = line[2:].split(b"\n", 1)[0].split()
    return os.fsdecode(words[0]) if words else ""


def loader(descriptor: int, header: bytes) -> str:
    """The loader that a 64-bit ELF file names; none for a static one."""
    if len(header) < 64 or header[4] != 2:
        return ""
    order = "<" if header[5] == 1 else ">"
    (table,) = struct.unpack_from(f"{order}Q", header, 32)
    size, count = struct.unpack_from(f"{order}HH", header, 54)
    for index in range(min(count, 64)):
        entry = os.pread(descriptor, 56, table + index * size)
        if len(entry) == 56 and struct.unpack_from(f"{order}I", entry)[0] == INTERPRETER:
            start, _, _, length = struct.unpack_from(f"{order}QQQQ", entry, 8)
            return os.fsdecode(os.pread(descriptor, min(length, 4096), start).rstrip(b"\0"))
    return ""
