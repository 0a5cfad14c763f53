"""Whether the network in the zip still says what the published one says: its stored weights in OpenCV against the original in 32 bits.

    python3 -m devtools.bench.network PHOTO ...      keeps a round and writes it into docs/benchmarks.md; about ten seconds a photo

The original is the ONNX file of the lock's first source with its weights, and the casts between them, in 32 bits, and nothing else changed;
onnxruntime computes it. Both get the same numbers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .. import environment, network
from ..places import BACKEND, EXTENSION, ROOT
from ..running import clean_environment
from . import rounds
from .machine import LoadMeter, machine
from .rounds import Round
from .rows import Row, row

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime

PART = "network"  # its file in docs/figures
_CODE = ("backend/img23d_backend/engines/isnet", "devtools/network_conversion.py", "devtools/bench/network.py")
_WORDS = (
    "The network in the zip, with its weights as they are stored there, by OpenCV, and the published one in 32 bits, by onnxruntime, on the same photos made "
    "1024 pixels square. IoU is that of the two mattes at one half; solid is the published one's share of the photo."
)
_SIDE = 1024  # pixels: the only size that the original takes
_SOLID = 0.5  # of a matte
_NEEDED_EACH, _NEEDED_MEAN = 0.98, 0.995  # intersection over union


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Of a photo's two mattes: intersection over union at one half, mean absolute difference, the solid share of the photo."""

    photo: str
    iou: float
    difference: float
    solid: float


def agreements(original: Path, photos: Iterable[Path]) -> Iterator[Agreement]:
    """The photos that OpenCV can read, one by one. `original` is the published ONNX file."""
    import cv2
    import numpy as np
    from img23d_backend.engines.isnet.network import Network

    reference, converted = _session(original), Network()
    for path in photos:
        picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR_RGB)
        shown = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        expected, matte = _said(reference, shown), converted.matte(shown, _SIDE)
        first, second = expected >= _SOLID, matte >= _SOLID
        iou = np.count_nonzero(first & second) / max(1, np.count_nonzero(first | second))
        difference = float(np.abs(expected - matte).mean())
        yield Agreement(photo=path.name, iou=iou, difference=difference, solid=float(first.mean()))


def _said(session: onnxruntime.InferenceSession, picture: np.ndarray) -> np.ndarray:
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
    """As Markdown, the least alike first."""
    lines = ["| photo | IoU | mean difference | solid |", "|---|---|---|---|"]
    for one in sorted(rows, key=lambda one: one.iou):
        lines.append(f"| {one.photo} | {one.iou:.4f} | {one.difference:.4f} | {one.solid:.0%} |")
    mean, least = sum(one.iou for one in rows) / len(rows), min(one.iou for one in rows)
    said = "as needed" if least >= _NEEDED_EACH and mean >= _NEEDED_MEAN else "NOT as needed"
    return "\n".join([*lines, f"\n{len(rows)} photos: mean IoU {mean:.4f}, least {least:.4f}: {said} ({_NEEDED_MEAN}, {_NEEDED_EACH})."])


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
            rows=goal_rows(rows),
            data=[asdict(one) for one in rows],
        ),
    )


def goal_rows(rows: Sequence[Agreement]) -> list[Row]:
    """What all photos together have to reach."""
    mean, least = sum(one.iou for one in rows) / len(rows), min(one.iou for one in rows)
    what = f"the network's mattes beside the published one's on {len(rows)} photos, IoU"
    return [row(f"{what}, mean", mean, goal=f"≥ {_NEEDED_MEAN}"), row(f"{what}, least", least, goal=f"≥ {_NEEDED_EACH}")]


def main(photos: Sequence[str]) -> int:
    """Fetch the original, then go on in the environment that can compute it."""
    from .report import write_document

    (row,) = network.read_lock()
    network.fetch(row)
    meter = LoadMeter()
    with tempfile.TemporaryDirectory(prefix="img23d-") as scratch:
        original, out = network.published(row, Path(scratch)), Path(scratch) / "rows.json"
        variables = clean_environment(PYTHONPATH=os.pathsep.join(map(str, (ROOT, BACKEND, EXTENSION / "shared"))))
        command = [environment.network_check_python(), "-m", "devtools.bench.network", "--compare", original, out, *photos]
        code = subprocess.run(list(map(str, command)), env=variables).returncode
        if code:
            return code
        rows = [Agreement(**one) for one in json.loads(out.read_text(encoding="utf-8"))]
    print(table(rows))
    keep(rows, meter)
    write_document()
    return 0


def _compare(original: Path, out: Path, photos: Iterable[Path]) -> None:
    rows = []
    for row in agreements(original, photos):
        rows.append(asdict(row))
        print(f"{row.photo}: {row.iou:.4f}", file=sys.stderr, flush=True)
    out.write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--compare"]:
        _compare(Path(sys.argv[2]), Path(sys.argv[3]), map(Path, sys.argv[4:]))
    else:
        sys.exit(main(sys.argv[1:]))
