"""`build_addon.py bench --only learned [--gpu]`: measures the learned chain and makes its section of docs/benchmarks.md.

Each part runs in a process of its own in the learned environment, so that its memory is its own. The rounds of a processor and those of
a graphics card are each kept in a file of their own.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ...places import BUILD, ROOT
from ...running import DevError, clean_environment, output_of, run
from .. import rounds
from ..calibration import Calibration
from ..machine import LoadMeter
from ..rounds import Round
from ..rows import Row, table, with_slow_calls

OUT = BUILD / "bench" / "learned"
_BACKEND = "backend/img23d_backend"
_OWN = "devtools/bench/learned"
_TRELLIS = (
    f"{_BACKEND}/engines/trellis/networks",
    f"{_BACKEND}/mesh/isosurface/flexicubes",
    f"{_BACKEND}/engines/trellis/splats",
    f"{_OWN}/trellis/networks.py",
)
# What each part measures: its rounds belong together as long as these files are the same
PARTS = {
    "mesh": (f"{_BACKEND}/mesh", f"{_OWN}/mesh.py"),
    "unwrap": (f"{_BACKEND}/mesh", f"{_OWN}/unwrap.py"),
    "raster": (f"{_BACKEND}/mesh", f"{_OWN}/raster.py"),
    "bake": (f"{_BACKEND}/mesh", f"{_OWN}/bake.py"),
    "shape": (f"{_BACKEND}/engines/hunyuan3d", f"{_BACKEND}/models", f"{_BACKEND}/machine", f"{_OWN}/shape.py"),
    "paint": (f"{_BACKEND}/engines/hunyuan3d", f"{_BACKEND}/models", f"{_BACKEND}/machine", f"{_OWN}/paint.py"),
    "memory": (f"{_BACKEND}/engines", f"{_BACKEND}/models", f"{_BACKEND}/machine", f"{_OWN}/memory.py"),
    "chain": (f"{_BACKEND}/engines", f"{_BACKEND}/models", f"{_BACKEND}/machine", f"{_OWN}/chain.py"),
    "trellis_sparse": (*_TRELLIS, f"{_OWN}/trellis/sparse.py"),
    "trellis_surface": (*_TRELLIS, f"{_OWN}/trellis/surface.py", f"{_OWN}/trellis/live.py"),
    "trellis_steps": (*_TRELLIS, f"{_OWN}/trellis/steps.py"),
    "trellis_stages": (*_TRELLIS, f"{_OWN}/trellis"),
    "light_stages": (
        *(f"{_BACKEND}/engines/{name}" for name in ("light", "llmdet", "birefnet", "depth_anything", "triposr")),
        f"{_BACKEND}/mesh",
        f"{_OWN}/light/files.py",
        f"{_OWN}/light/stages.py",
    ),
    "light_field": (f"{_BACKEND}/engines/triposr", f"{_BACKEND}/mesh/isosurface", f"{_OWN}/light/field.py"),
}
_MODULES = {part: part.replace("_", ".", 1) for part in PARTS}  # those of TRELLIS and of the light set lie in folders of their own
GROUPS = {group: tuple(part for part in PARTS if part.startswith(f"{group}_")) for group in ("trellis", "light")}
ON_A_CARD = ("shape", "paint", "memory", "chain", "trellis_steps", "trellis_stages")
# A thread of torch that waits for others sleeps: else its waiting counts as processor time, the more of it the busier the machine is
_WAITING = {"OMP_WAIT_POLICY": "PASSIVE"}
# For comparisons only, each in a folder of its own. pymeshlab is under the GPL; it and xatlas are what hy3dgen takes
PYMESHLAB = "pymeshlab==2025.7.post1"
XATLAS = "xatlas==0.0.11"
SPCONV = (
    "spconv==2.3.8",
    "cumm==0.7.11",
    "pccm==0.4.16",
    "ccimport==0.4.4",
    "fire==0.7.1",
    "termcolor==3.3.0",
    "lark==1.3.1",
    "portalocker==4.4.2",
    "ninja==1.13.2",
    "pybind11==3.1.0",
)


def run_learned(python: Path, *, machine: str, gpu: bool, calibrate: Callable[[], Calibration], parts: Sequence[str] = ()) -> None:
    """`python` is the learned environment's, `machine` says in words where this runs. Without `parts` all of them."""
    OUT.mkdir(parents=True, exist_ok=True)
    where = _with_card(python, machine) if gpu else machine
    for part in parts or (ON_A_CARD if gpu else PARTS):
        arguments = _arguments(part, python, gpu=gpu)
        if arguments is None:
            continue
        calibration, meter, code = calibrate(), LoadMeter(), rounds.digest(*PARTS[part])
        measured = _measured(python, part, arguments)
        if measured is None:
            continue
        new = Round(date=rounds.today(), machine=where, code=code, load=meter.load(), calibration=calibration, rows=measured)
        rounds.add(_name(part, gpu=gpu), new)


def learned_part() -> list[str]:
    """The section for the document: nothing before the first measurement."""
    text = []
    for gpu in (False, True):
        kept = [(part, found) for part in PARTS if (found := rounds.read(_name(part, gpu=gpu)))]
        text += [piece for part, found in kept for piece in part_text(part, found)]
    return ["## The learned chain", _WORDS, *text] if text else []


def part_text(part: str, found: Sequence[Round]) -> list[str]:
    """Where and when the newest code was measured, and its rows."""
    return [f"### {_TITLES[part]}", rounds.headings(found), table(rounds.current_lines(found))]


def part_titles() -> dict[str, str]:
    """Of the parts on a processor and on a card, in their order, by the names of their files."""
    return {_name(part, gpu=gpu): _TITLES[part] for gpu in (False, True) for part in PARTS}


_TITLES = {
    "mesh": "Sampling, surface, clean-up",
    "unwrap": "UV layout",
    "raster": "Maps and rasters",
    "bake": "Bake, fill, and all processor work of an object",
    "shape": "Shape model",
    "paint": "Paint model",
    "memory": "Runs one after the other",
    "chain": "Memory at full size",
    "trellis_sparse": "TRELLIS: convolutions of what is there",
    "trellis_surface": "TRELLIS: the surface",
    "trellis_steps": "TRELLIS: guided steps",
    "trellis_stages": "TRELLIS: memory of each stage at full size",
    "light_stages": "The light set: seconds and memory of each stage at full size",
    "light_field": "The light set: the surface in TripoSR's field",
}
_COMPARED = {"mesh": (PYMESHLAB,), "unwrap": (XATLAS,), "trellis_sparse": SPCONV}


_WORDS = (
    "Ours beside hy3dgen's own code in the same run, on the same machine. Without the published weights (they are not fetched "
    "for this) the networks are measured at full size with random weights, or small ones where it says so: times and "
    "memory mean something then, the shapes do not. The meshes are a ball, and a figure made of formulas with relief, a "
    "handle, thin legs and a thin plate. The ratio is how many times less ours is; for goals of the kind ≤ it is ours as a share. "
    "Of TRELLIS, spconv is what its own code takes; the voxels are those of one shell (16,000) or of three inside each other (40,000). What a card "
    "would hold is counted from the bytes of all tensors at once, computed on the processor with numbers of two bytes; the card's driver, and "
    "what its kernels take for themselves, come on top. Of the light set, each stage runs three times, each time in a process of its own, with the settings as they come. "
    "How long its stages would take on free cores is told from the first of several threads, which takes its own share of the work and no processor while it waits: "
    "an extrapolation, to cores and memory as fast as these. The thin ring and the sheets are solids of formulas that take the place of the random field's; the sheets through "
    "all of the cube are what no thing is: they show where a tenth of the points ends."
)


def _name(part: str, *, gpu: bool) -> str:
    return f"{part}_gpu" if gpu else part


def _arguments(part: str, python: Path, *, gpu: bool) -> list[str | Path] | None:
    """What the part's command gets; None where what it needs cannot be made."""
    on = ["--gpu"] if gpu else []
    if part in ("memory", "chain"):
        models = _tiny_models(python, ROOT / "build" / "tiny" / "models")
        shutil.rmtree(OUT / "runs", ignore_errors=True)
        return models and ([models, OUT / "runs"] if part == "memory" else [models, *on])
    if part == "light_field":
        models = _tiny_models(python, ROOT / "build" / "tiny" / "models")
        return models and [models]
    if part in _COMPARED:
        return _for_comparison(python, *_COMPARED[part])
    return on if part in ON_A_CARD else []


def _measured(python: Path, part: str, arguments: Sequence[str | Path]) -> list[Row] | None:
    """A part that fails says so and takes no other with it; its earlier rounds stay."""
    out = OUT / f"{part}.json"
    out.unlink(missing_ok=True)
    print(f"Measuring: {part} ...", flush=True)
    order = [*arguments, out] if part == "memory" else [out, *arguments]
    try:
        run([python, "-m", f"{__package__}.{_MODULES[part]}", *order], env=clean_environment(**_WAITING), cwd=ROOT)
    except DevError as error:
        print(error, file=sys.stderr)
        return None
    return with_slow_calls(json.loads(out.read_text(encoding="utf-8"))["rows"])


def _for_comparison(python: Path, requirement: str, *needed: str) -> list[str | Path]:
    """The folder that a package of hy3dgen's or TRELLIS's is in, with what it needs, fetched once; nothing where it cannot be had."""
    folder = BUILD / "environments" / "bench" / requirement.replace("==", "-")
    if not folder.is_dir():
        draft = folder.with_suffix(".part")
        shutil.rmtree(draft, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--target", draft, requirement, *needed]
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
