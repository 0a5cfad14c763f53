"""Agreement of the zip's network with the published one: its stored weights in OpenCV against the original in 32 bits.

    python3 -m devtools.bench.network [--with PROGRAM ...] PHOTO ...

keeps a round and writes it into docs/benchmarks.md. PROGRAM is a Python, with or without bpy, or a Blender, as one word with its
arguments; without any it is an environment of ours. Each has OpenCV from the wheel that the zip carries beside NumPy of its own, and
takes about five seconds a photo. What the original says of a photo is computed once and kept below build/.

The original is the ONNX file of the lock's first source with its weights, and the casts between them, in 32 bits, and nothing else changed;
onnxruntime computes it. Both get the same numbers.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shlex
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .. import environment, network, wheels
from ..places import BACKEND, BUILD, EXTENSION, ROOT
from ..running import DevError, clean_environment, output_of, run
from . import network_mattes, rounds
from .machine import LoadMeter, machine
from .rounds import Round
from .rows import Row, row

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime

PART = "network"  # its file in docs/figures
KEPT = BUILD / "bench" / "network"  # what the original says of photos
_CODE = ("backend/img23d_backend/engines/isnet", "devtools/network_conversion.py", "devtools/bench/network.py", "devtools/bench/network_mattes.py")
_WORDS = (
    "The network in the zip, with its weights as they are stored there, by OpenCV, and the published one in 32 bits, by onnxruntime, on the same photos made "
    "1024 pixels square. IoU is that of the two mattes at one half; solid is the published one's share of the photo."
)
_SIDE = 1024  # pixels: the only size that the original takes
_NEEDED_EACH, _NEEDED_MEAN = 0.98, 0.995  # intersection over union


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Of a photo's two mattes: intersection over union at one half, mean absolute difference, the solid share of the photo.
    `pair` names the Blender, OpenCV, NumPy and Python that computed ours."""

    photo: str
    iou: float
    difference: float
    solid: float
    pair: str = ""


def keep_originals(original: Path, photos: Iterable[Path]) -> Iterator[Path]:
    """The files of network_mattes, one a photo, in their order; only those that are not there are computed. `original` is the published
    ONNX file."""
    session = None
    for path in photos:
        kept = _kept(original, path)
        if not kept.is_file():
            session = session or _session(original)
            _keep_one(session, path, kept)
        yield kept


def _kept(original: Path, photo: Path) -> Path:
    of_photo, of_network = (hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in (photo, original))
    return KEPT / of_network / of_photo / f"{photo.name}.npz"


def _keep_one(session: onnxruntime.InferenceSession, photo: Path, kept: Path) -> None:
    import cv2
    import numpy as np

    picture = cv2.imdecode(np.fromfile(photo, np.uint8), cv2.IMREAD_COLOR_RGB)
    shown = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    kept.parent.mkdir(parents=True, exist_ok=True)
    unfinished = kept.with_suffix(".new.npz")
    np.savez(unfinished, shown=shown, expected=_original_matte(session, shown))
    unfinished.replace(kept)


def _original_matte(session: onnxruntime.InferenceSession, picture: np.ndarray) -> np.ndarray:
    """(s, s) float32: the published network's matte of (s, s, 3) uint8."""
    import numpy as np

    given = ((picture.astype(np.float32) - 128) / 256).transpose(2, 0, 1)[None]
    return session.run([session.get_outputs()[0].name], {session.get_inputs()[0].name: given})[0][0, 0]


def _session(original: Path) -> onnxruntime.InferenceSession:
    """The original with 32 bits where it has 16."""
    import numpy as np
    import onnx
    import onnxruntime
    from onnx import TensorProto, numpy_helper

    model = onnx.load(original)
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT16:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float32), tensor.name))
    for attribute in (one for node in model.graph.node if node.op_type == "Cast" for one in node.attribute):
        attribute.i = TensorProto.FLOAT if attribute.i == TensorProto.FLOAT16 else attribute.i
    del model.graph.value_info[:]
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def table(rows: Sequence[Agreement]) -> str:
    """As Markdown: what was computed with, then the photos, the least alike first."""
    by_pair = {pair: [one for one in rows if one.pair == pair] for pair in dict.fromkeys(one.pair for one in rows)}
    lines = ["| computed with | photos | mean IoU | least | |", "|---|---:|---:|---:|---|"]
    for pair, own in by_pair.items():
        mean, least = _mean(own), min(one.iou for one in own)
        said = "as needed" if least >= _NEEDED_EACH and mean >= _NEEDED_MEAN else "**NOT as needed**"
        lines.append(f"| {pair or 'an environment of ours'} | {len(own)} | {mean:.4f} | {least:.4f} | {said} |")
    needed = f"Needed: {_NEEDED_MEAN} in the mean, {_NEEDED_EACH} each. A photo's row has the lowest IoU of all, and the largest difference."
    return "\n".join([*lines, "", needed, "", "| photo | IoU | mean difference | solid |", "|---|---|---|---|", *_photo_lines(rows)])


def _photo_lines(rows: Sequence[Agreement]) -> Iterator[str]:
    worst: dict[str, list[Agreement]] = {}
    for one in rows:
        worst.setdefault(one.photo, []).append(one)
    for photo, own in sorted(worst.items(), key=lambda item: min(one.iou for one in item[1])):
        yield f"| {photo} | {min(one.iou for one in own):.4f} | {max(one.difference for one in own):.4f} | {own[0].solid:.0%} |"


def _mean(rows: Sequence[Agreement]) -> float:
    return sum(one.iou for one in rows) / len(rows)


def network_part() -> list[str]:
    """The document's."""
    found = rounds.read(PART)
    if not found:
        return []
    rows = [Agreement(**one) for one in found[-1].data]
    before = "\n".join(f"- before: {one.heading()}" for one in found[:-1])
    return ["## The cut-out network against its original", f"{_WORDS} {found[-1].heading()}.", table(rows), *filter(None, [before])]


def keep(rows: Sequence[Agreement], meter: LoadMeter, note: str = "") -> None:
    rounds.add(
        PART,
        Round(
            date=rounds.today(),
            machine=machine(),
            code=rounds.digest(*_CODE),
            note=note,
            load=meter.load(),
            rows=[one for pair in dict.fromkeys(one.pair for one in rows) for one in goal_rows([one for one in rows if one.pair == pair])],
            data=[asdict(one) for one in rows],
        ),
    )


def goal_rows(rows: Sequence[Agreement]) -> list[Row]:
    """What all photos together have to reach."""
    what = f"the network's mattes beside the published one's on {len(rows)} photos, IoU"
    where = f"; {rows[0].pair}" if rows[0].pair else ""
    least = min(one.iou for one in rows)
    return [row(f"{what}, mean{where}", _mean(rows), goal=f"≥ {_NEEDED_MEAN}"), row(f"{what}, least{where}", least, goal=f"≥ {_NEEDED_EACH}")]


def main(programs: Sequence[str], photos: Sequence[str]) -> int:
    """Fetch the original, run it in the environment that can compute it, then compare every program with it."""
    from .report import write_document

    (row,) = network.read_lock()
    network.fetch(row)
    meter = LoadMeter()
    with tempfile.TemporaryDirectory(prefix="img23d-", dir=_scratch()) as scratch:
        files = _originals(network.published(row, Path(scratch)), photos, Path(scratch) / "files.json")
        folders = [_opencv(Path(scratch) / "opencv"), BACKEND, EXTENSION / "shared"]
        rows = [one for program in programs or [str(environment.network_check_python())] for one in _asked(program, files, folders, Path(scratch))]
    print(table(rows))
    keep(rows, meter)
    write_document()
    return 0


def _scratch() -> Path:
    """Below build/: a Blender that sees only the checkout finds it."""
    KEPT.mkdir(parents=True, exist_ok=True)
    return KEPT


def _originals(original: Path, photos: Sequence[str], out: Path) -> list[Path]:
    variables = clean_environment(PYTHONPATH=str(ROOT))
    run([environment.network_check_python(), "-m", "devtools.bench.network", "--originals", original, out, *photos], env=variables, cwd=ROOT)
    return list(map(Path, json.loads(out.read_text(encoding="utf-8"))))


def _opencv(folder: Path) -> Path:
    """The zip's own OpenCV, unpacked."""
    (wheel,) = (path for path in wheels.fetch([wheels.host_platform()]) if path.name.startswith("opencv"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def _asked(program: str, files: Sequence[Path], folders: Sequence[Path], scratch: Path) -> list[Agreement]:
    """Raises DevError where the program is none of those, or cannot do it."""
    out, words = scratch / "rows.json", shlex.split(program)
    said = output_of([*words, "--version"], env=clean_environment()).stdout
    if not said.startswith(("Blender", "Python")):
        raise DevError(f"This is neither a Python nor a Blender: {program}")
    way = ["--background", "--factory-startup", "--python-exit-code", "1", "--python"] if said.startswith("Blender") else []
    separator = ["--"] if way else []
    variables = clean_environment(IMG23D_FOLDERS="\n".join(map(str, folders)))
    run([*words, *way, network_mattes.__file__, *separator, out, *files], env=variables, cwd=ROOT)
    answer = json.loads(out.read_text(encoding="utf-8"))
    out.unlink()  # the next program's must be its own
    return [Agreement(pair=answer["pair"], **one) for one in answer["rows"]]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--originals"]:
        Path(sys.argv[3]).write_text(json.dumps([str(path) for path in keep_originals(Path(sys.argv[2]), map(Path, sys.argv[4:]))]), encoding="utf-8")
    else:
        parser = argparse.ArgumentParser(prog="python3 -m devtools.bench.network")
        parser.add_argument("--with", action="append", default=[], dest="programs", metavar="PROGRAM")
        parser.add_argument("photos", nargs="+", metavar="PHOTO")
        arguments = parser.parse_args()
        sys.exit(main(arguments.programs, arguments.photos))
