"""The cost of each quality of the panel with the preview engine, and the ways to cut out that the qualities choose.

Runs in the plain environment: python -m devtools.bench.qualities PHOTOS RUNS OUT.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from blender_img23d.core.presets import BALANCED, PRESETS, preset

from .timing import RUNS

# Settings of a preset that the preview engine looks at, as the command line has them; a preset without one leaves it as it is
_OPTIONS = {"faces": "--faces", "texture_size": "--texture-size", "cutter": "--cutter"}
LIGHT = "light-weight"  # the cut-out of Draft
USUAL = "as it comes"  # that of Balanced


def arguments(quality: str, settings: Sequence[str] = tuple(_OPTIONS)) -> list[str]:
    """The command line's for these settings of a quality."""
    values = preset(quality).settings
    return [part for name in settings if name in values for part in (_OPTIONS[name], str(values[name]))]


def ways() -> dict[str, list[str]]:
    """The cut-outs of Draft and of Balanced with their arguments; the first alone where both are the same."""
    light, usual = (arguments(quality, ["cutter"]) for quality in (PRESETS[0].name, BALANCED))
    return {LIGHT: light} if light == usual else {LIGHT: light, USUAL: usual}


def measure(photos: Path, runs: Path, out: Path) -> None:
    """A row a quality and thing: the seconds of each run, and the most memory of them all."""
    from .known import generate, known_things  # whose libraries the Python that writes the document may lack

    rows = []
    for quality in PRESETS:
        for thing in known_things(photos):
            folder = runs / quality.name / thing.stem
            done = [generate(thing.photo, thing.name, folder, arguments(quality.name)) for _ in range(RUNS)]
            peak = max(run.peak_bytes for run in done)
            rows.append({"quality": quality.label, "thing": thing.name, "seconds": [run.seconds for run in done], "peak_bytes": peak})
        print(f"{quality.label}: {max(max(row['seconds']) for row in rows if row['quality'] == quality.label):.2f} s at most", flush=True)
    out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    measure(*map(Path, sys.argv[1:4]))
