"""Cases tried in child processes: one that crashes or hangs costs its own case, and the rest goes on in a new child."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tally import ROOT

HERE = Path(__file__).resolve().parent
PATHS = (ROOT, ROOT / "backend", ROOT / "blender_img23d" / "shared")
START_SECONDS = 120.0
CASE_SECONDS = 30.0  # wall time, on a machine that does other things as well
CHILD_CASES = 2000  # a child of which that was asked makes room for a fresh one


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a case: `said` is the child's answer, `broken` why there is none. CPU seconds and megabytes of growth."""

    case: str
    said: str = ""
    broken: str = ""
    seconds: float = 0.0
    megabytes: float = 0.0


def tried(module: str, arguments: Sequence[str], cases: Iterable[str], **variables: str) -> Iterator[Outcome]:
    """One outcome a case, in their order; `variables` are of the child's environment."""
    child: _Child | None = None
    try:
        for case in cases:
            if child is None or child.asked >= CHILD_CASES:
                if child is not None:
                    child.end()
                child = _Child([sys.executable, str(HERE / "child.py"), module, *arguments], variables)
            outcome = child.ask(case)
            yield outcome
            if outcome.broken:  # what else it has broken in there is not the next case's fault
                child.end()
                child = None
    finally:
        if child is not None:
            child.end()


class _Child:
    def __init__(self, command: Sequence[str], variables: dict[str, str]) -> None:
        self.asked = 0
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        paths = os.pathsep.join(map(str, PATHS))
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=os.environ | {"IMG23D_FAULT_PATHS": paths} | variables,
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        assert self._line(START_SECONDS), f"the child did not start: {self._last_words()}"

    def ask(self, case: str) -> Outcome:
        self.asked += 1
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(case + "\n")
            self._process.stdin.flush()
            line = self._line(CASE_SECONDS)
        except queue.Empty:
            self._process.kill()
            self._process.wait()
            return Outcome(case=case, broken=f"no answer in {CASE_SECONDS:.0f} s")
        except BrokenPipeError:
            line = ""
        if not line:
            return Outcome(case=case, broken=f"the process died: {_name_of(self._process.wait())}\n{self._last_words()}")
        answer = json.loads(line)
        broken = f"escaped: {answer['escaped']}\n{answer['detail']}" if "escaped" in answer else ""
        figures = {"seconds": answer["seconds"], "megabytes": answer["megabytes"]}
        return Outcome(case=case, said=answer.get("said", ""), broken=broken, **figures)

    def end(self) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
            self._process.wait(10)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def _line(self, seconds: float) -> str:
        """Empty at the end of the process. Raises queue.Empty."""
        return self._lines.get(timeout=seconds)

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = [line for line in self._errors.read().splitlines() if not line.startswith("Extension modules:")]
        return "\n".join(lines)[-1500:]


def _name_of(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"status {code}"
