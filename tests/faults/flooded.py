"""A Blender that does not look for a while, and a backend that drowns it; prints the megabytes of that and the longest tick.

python flooded.py FOLDER SECONDS
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1] / "process"), str(Path(__file__).parent)]

from player_desk import PlayerDesk  # noqa: E402


def resident() -> float:
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def main(folder: str, seconds: str) -> None:
    desk = PlayerDesk(Path(folder), "drown")
    job = desk.submit()
    desk.until(lambda: desk.session.hello is not None)
    before, most = resident(), 0.0
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        time.sleep(0.05)
        most = max(most, resident() - before)
    for _ in range(50):
        desk.tick()
        most = max(most, resident() - before)
    assert not job.is_over or job.error
    desk.session.shutdown(at_once=True)
    print(most, desk.longest_tick)


main(*sys.argv[1:])
