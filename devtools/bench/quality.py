"""How near the preview engine's results are to known things: the program's own evaluation, its table and its pictures for docs/."""

from __future__ import annotations

import json
import os
import shutil
import sys
from datetime import date
from pathlib import Path

from ..places import BACKEND, BUILD, EXTENSION, ROOT
from ..running import clean_environment, run
from .rows import text_line

ENGINE = "preview"
OUT = BUILD / "bench" / "quality"
FIGURES = ROOT / "docs" / "figures" / "quality.json"
PICTURE = ROOT / "docs" / "pictures" / "quality.jpg"
_ACROSS, _WIDTH, _HEIGHT = 3, 480, 160  # strips in a row, and pixels of one
_WORDS = (
    "`img23d_backend evaluate` on 30 things of the program's own, each photographed from 25 degrees to the left and 20 degrees above. The way they are scored "
    "is InstantMesh's; the things are not, so the numbers can't be set against published ones. No other engine was measured: their weights were not at hand. "
    "Sorted by CD; the picture shows each result once around, above the truth once around."
)


def measure_quality(python: Path, machine: str) -> None:
    """All anew, whatever an earlier run left. Raises CalledProcessError."""
    shutil.rmtree(OUT, ignore_errors=True)
    path = os.pathsep.join([str(BACKEND), str(EXTENSION / "shared")])
    run([python, "-s", "-m", "img23d_backend", "evaluate", "--engine", ENGINE, "--out", OUT], env=clean_environment(PYTHONPATH=path))
    report = json.loads((OUT / "report.json").read_text(encoding="utf-8")) | {"date": date.today().isoformat(), "machine": machine}
    FIGURES.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    run([python, "-m", "devtools.bench.quality", OUT, FIGURES, PICTURE], env=clean_environment(), cwd=ROOT)


def draw(out: Path, figures: Path, picture: Path) -> None:
    """Runs in the plain environment: one JPEG of all strips, from the nearest to the truth to the farthest."""
    import cv2
    import numpy as np

    strips = []
    for row in _sorted(json.loads(figures.read_text(encoding="utf-8"))["rows"]):
        strip = cv2.resize(cv2.imread(str(out / "strips" / row["strip"])), (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA)
        cv2.putText(strip, f"{row['name']} {row['chamfer']:.3f}", (4, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (60, 60, 60), 1, cv2.LINE_AA)
        strips.append(strip)
    strips += [np.full_like(strips[0], 255)] * (-len(strips) % _ACROSS)
    lines = [np.hstack(strips[start : start + _ACROSS]) for start in range(0, len(strips), _ACROSS)]
    picture.write_bytes(cv2.imencode(".jpg", np.vstack(lines), [cv2.IMWRITE_JPEG_QUALITY, 82])[1].tobytes())


def quality_part() -> list[str]:
    if not FIGURES.is_file():
        return []
    report = json.loads(FIGURES.read_text(encoding="utf-8"))
    middle, rows = report["medians"], _sorted(report["rows"])
    titles = list(middle)
    lines = [text_line(("thing", *titles)), "|---|" + "---:|" * len(titles)]
    lines += [text_line((row["name"], *_cells(row))) for row in rows]
    lines.append(text_line(("**median**", *(f"{value:.3g}" for value in middle.values()))))
    failed = [f"{row['name']}: {row['problem']}" for row in report["rows"] if row["problem"]]
    words = [f"Nothing was made of {'; '.join(failed)}"] if failed else []
    return [
        "## Known things all around",
        _WORDS,
        report["protocol"],
        "\n".join(lines),
        *words,
        f"{report['date']}, {report['machine']}.",
        "![](pictures/quality.jpg)",
    ]


def _sorted(rows: list[dict]) -> list[dict]:
    return sorted((row for row in rows if not row["problem"]), key=lambda row: row["chamfer"])


def _cells(row: dict) -> list[str]:
    shares = (row["chamfer"], *row["f_scores"], row["normals"])
    return [*(f"{value:.3f}" for value in shares), f"{row['psnr']:.2f}", f"{row['ssim']:.3f}", f"{row['seconds']:.1f}", f"{row['memory_bytes'] / 1e6:.0f}"]


if __name__ == "__main__":
    draw(*map(Path, sys.argv[1:4]))
