"""The process that one check of an operator's runs in. It is started as a script, without anything of Tidegate's.

Arguments: the name of the entry point, then the folders of `sys.path`. Standard input: a JSON list of objects.
Standard output: `{"findings": …}`, or `{"error": why}` where the check could not be loaded or broke.
"""

import json
import os
import site
import sys
from importlib.metadata import entry_points
from pathlib import PurePath
from typing import Any

GROUP = "tidegate.checks"


def main(name: str, paths: list[str]) -> None:
    """Load, run, answer."""
    # What the check prints must not be taken for the answer.
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.path[:] = [each for each in sys.path if each not in paths]
    for each in paths:
        site.addsitedir(each)
    try:
        text = json.dumps({"findings": findings(name)}, allow_nan=False)
    except BaseException as error:  # a check may break in any way, by sys.exit() too
        text = json.dumps({"error": reason(error)})
    answer.write(text)
    answer.close()


def findings(name: str) -> Any:
    """What the check says, as it says it."""
    (found,) = entry_points(group=GROUP, name=name)
    check = found.load()
    if check.name != name:
        raise LookupError("its name is not that of its entry point")
    return check.run(json.load(sys.stdin))


def reason(error: BaseException) -> str:
    """The error's type and where it was raised, without its text, which may quote a value."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
