"""Jobs in a row in one backend: neither its memory nor its open files grow."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from artist import Artist
from tally import Tally, rounds

WARM = 4  # jobs until caches are filled
MOST_GROWTH = 40.0  # megabytes, after that
MOST_DESCRIPTORS = 2


def resident(pid: int) -> float:
    """Megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


@pytest.mark.skipif(sys.platform != "linux", reason="memory and descriptors are read from /proc")
def test_many_jobs_in_a_row(tmp_path: Path) -> None:
    with Tally(name="many-jobs", what="jobs in a row in one backend, with its memory and open files watched") as tally:
        artist, jobs = Artist(tmp_path), rounds(quick=6, long=200)
        try:
            for _ in range(WARM):
                artist.finish()
            memory, files, own = resident(artist.pid), descriptors(artist.pid), descriptors(os.getpid())
            grown: list[float] = []
            for number in range(jobs):
                artist.finish("left" if number % 3 else "left, right")
                grown.append(resident(artist.pid) - memory)
                more = max(descriptors(artist.pid) - files, descriptors(os.getpid()) - own)
                tally.judge(f"job {number}", f"{more} more open files" if more > MOST_DESCRIPTORS else "")
                tally.saw(MB=grown[-1], files=more)
            settled = sorted(grown[len(grown) // 2 :])[len(grown) // 4]  # the median of the second half
            assert settled < MOST_GROWTH, f"the backend grew by {settled:.0f} MB: {grown}"
            assert len(artist.links) == 1
            tally.note = f"memory after {len(grown)} jobs {settled:+.0f} MB"
        finally:
            artist.close()
