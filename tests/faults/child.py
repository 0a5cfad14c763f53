"""The inner side of `batch`: a process that tries one case after the other and says after each what came of it.

Started as `python child.py MODULE ARGUMENTS...`, where the module has `attempt_with(*arguments) -> Callable[[str], str]`. The
answer to a case is a text; an exception that reaches us has escaped from where it should have become a sentence.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Of address space above what the process has when it begins: a case that wants more gets a MemoryError before the machine suffers
ROOM = 3 * 2**30


def serve(attempt: Callable[[str], str]) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(_measured(attempt, line.rstrip("\n"))), file=answers, flush=True)


def _measured(attempt: Callable[[str], str], case: str) -> dict[str, Any]:
    before, cpu = _memory_before(), _cpu_seconds()
    try:
        answer: dict[str, Any] = {"said": attempt(case)}
    except BaseException as error:  # whatever escapes is what we are here to see
        answer = {"escaped": f"{type(error).__name__}: {str(error)[:200]}", "detail": traceback.format_exc()[-2000:]}
    return answer | {"seconds": _cpu_seconds() - cpu, "megabytes": _growth(before) / 2**20}


def _cpu_seconds() -> float:
    """Of this process, all its threads, and the processes that it has started and ended."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def _memory_before() -> tuple[int, int]:
    """Bytes: what is held now, and the most that an ended child of ours has ever held."""
    if sys.platform != "linux":
        return _largest(), _largest_child()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew here (proc(5))
    return _status("VmRSS"), _largest_child()


def _growth(before: tuple[int, int]) -> int:
    peak = _status("VmHWM") if sys.platform == "linux" else _largest()
    child = _largest_child()
    return max(peak - before[0], child if child > before[1] else 0)


def _status(key: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) * 1024
    return 0


def _largest() -> int:
    return _usage("RUSAGE_SELF")


def _largest_child() -> int:
    return _usage("RUSAGE_CHILDREN")


def _usage(who: str) -> int:
    if os.name == "nt":
        return 0
    import resource

    usage = resource.getrusage(getattr(resource, who))
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _limit_memory() -> None:
    if sys.platform == "linux":
        import resource

        most = _status("VmSize") + ROOM
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main() -> None:
    faulthandler.enable()
    sys.path[:0] = [str(Path(__file__).parent), *filter(None, os.environ.get("IMG23D_FAULT_PATHS", "").split(os.pathsep))]
    attempt = importlib.import_module(sys.argv[1]).attempt_with(*sys.argv[2:])
    _limit_memory()
    serve(attempt)


if __name__ == "__main__":
    main()
