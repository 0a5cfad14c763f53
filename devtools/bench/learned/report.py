"""`build_addon.py bench --only learned [--gpu]`: measures the learned chain and makes its section of docs/benchmarks.md.

Each part runs in a process of its own in the learned environment, so that its memory is its own. The figures are kept
in docs/figures, those of a processor and those of a graphics card each in a file: a table that was made
where there is a card stays when the benchmarks are made again where there is none.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from ...places import BUILD, ROOT
from ...running import DevError, clean_environment, output_of, run
from .rows import Row, met, row

OUT = BUILD / "bench" / "learned"
FIGURES = ROOT / "docs" / "figures"
# For comparisons only, each in a folder of its own: the first is under the GPL, both are what hy3dgen takes
PYMESHLAB = "pymeshlab==2025.7.post1"
XATLAS = "xatlas==0.0.11"


def run_learned(python: Path, *, machine: str, gpu: bool) -> None:
    """`python` is the learned environment's, `machine` says in words where this runs."""
    OUT.mkdir(parents=True, exist_ok=True)
    models = ROOT / "build" / "tiny" / "models"
    on = ["--gpu"] if gpu else []
    parts: dict[str, list[str | Path]] = {"shape": on, "paint": on}
    if not gpu:
        geometry = {"mesh": _for_comparison(python, PYMESHLAB), "unwrap": _for_comparison(python, XATLAS)}
        parts = {**geometry, "raster": [], "bake": [], **parts}
    if output := _tiny_models(python, models):
        shutil.rmtree(OUT / "runs", ignore_errors=True)
        parts["memory"] = [output, OUT / "runs"]
        parts["chain"] = [output, *on]
    result = {"machine": _with_card(python, machine) if gpu else machine, "date": date.today().isoformat(), "parts": {}}
    for part, arguments in parts.items():
        result["parts"][part] = _measured(python, part, arguments)
    FIGURES.mkdir(parents=True, exist_ok=True)
    _file(gpu).write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def learned_part() -> list[str]:
    """The section for the document: nothing before the first measurement."""
    kept = [json.loads(_file(gpu).read_text(encoding="utf-8")) for gpu in (False, True) if _file(gpu).is_file()]
    return ["## The learned chain", _WORDS, *(part for figures in kept for part in _table(figures))] if kept else []


_WORDS = (
    "Ours beside hy3dgen's own code in the same run, on the same machine. Without the published weights (they are not fetched "
    "for this) the networks are measured at full size with random weights, or small ones where it says so: times and "
    "memory mean something then, the shapes do not. The meshes are a ball, and a figure made of formulas with relief, a "
    "handle, thin legs and a thin plate. Most of hy3dgen's time for a bake is one convolution that this torch computes slowly "
    "on a processor. The ratio is how many times less ours is; for goals of the kind ≤ it is ours as a share."
)


def _file(gpu: bool) -> Path:
    return FIGURES / ("learned_gpu.json" if gpu else "learned_processor.json")


def _measured(python: Path, part: str, arguments: Sequence[str | Path]) -> list[Row]:
    """A part that fails is a line that says so, and takes no other with it."""
    out = OUT / f"{part}.json"
    out.unlink(missing_ok=True)
    print(f"Measuring: {part} ...", flush=True)
    environment = {**clean_environment(), "OPENBLAS_NUM_THREADS": "1"}  # as the backend sets it
    order = [*arguments, out] if part == "memory" else [out, *arguments]
    try:
        run([python, "-m", f"{__package__}.{part}", *order], env=environment, cwd=ROOT)
    except DevError as error:
        print(error, file=sys.stderr)
        return [row(f"{part}: not measured, it ended with an error", None, None)]
    return json.loads(out.read_text(encoding="utf-8"))["rows"]


def _for_comparison(python: Path, requirement: str) -> list[str | Path]:
    """The folder that a package of hy3dgen's is in, fetched once; nothing where it cannot be had."""
    folder = BUILD / "environments" / "bench" / requirement.replace("==", "-")
    if not folder.is_dir():
        draft = folder.with_suffix(".part")
        shutil.rmtree(draft, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--target", draft, requirement]
        try:
            run(command, env=clean_environment(), hint=f"{requirement} could not be installed: it is left out of the comparison.")
        except DevError as error:
            print(error, file=sys.stderr)
            return []
        draft.rename(folder)
    return [folder]


def _tiny_models(python: Path, folder: Path) -> Path | None:
    """The small trained checkpoints, made where they are missing."""
    try:
        run([python, ROOT / "tests" / "tiny" / "make.py"], env=clean_environment(), cwd=ROOT)
    except DevError as error:
        print(error, file=sys.stderr)
        return None
    return folder


def _with_card(python: Path, machine: str) -> str:
    answer = output_of([python, "-c", "import torch; print(torch.cuda.get_device_name())"])
    name = answer.stdout.strip() if answer.returncode == 0 else "no graphics card"
    return f"{machine.replace(', no graphics card used', '')}, {name}"


def _table(figures: dict) -> list[str]:
    lines = ["| what | ours | reference | ratio | goal | |", "|---|---:|---:|---:|---|---|"]
    for rows in figures["parts"].values():
        lines += [_line(one) for one in rows]
    return [f"On {figures['machine']}, {figures['date']}:", "\n".join(lines)]


def _line(one: Row) -> str:
    verdict = {True: "met", False: "**missed**", None: ""}[met(one)]
    ratio = one["ratio"]
    cells = (_number(one["ours"], one), _number(one["reference"], one), "" if ratio is None else f"{ratio:.3g}x")
    return "| " + " | ".join((str(one["what"]), *cells, str(one["goal"]), verdict)) + " |"


def _number(value: object, one: Row) -> str:
    if value is None:
        return ""
    if "bytes" in str(one["what"]) and value >= 1e6:
        return f"{value / 1e9:.2f} GB" if value >= 1e9 else f"{value / 1e6:.1f} MB"
    return f"{value:,.0f}" if value == int(value) else f"{value:.3g}"
