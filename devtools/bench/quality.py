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
    """Runs in the plain environment: all strips, from the nearest to the truth to the farthest."""
    import cv2

    from .strips import write_sheet

    rows = _sorted(json.loads(figures.read_text(encoding="utf-8"))["rows"])
    write_sheet(picture, ((f"{row['name']} {row['chamfer']:.3f}", cv2.imread(str(out / "strips" / row["strip"]))) for row in rows))


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
