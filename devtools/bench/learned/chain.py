"""Locate, matte and shape at full size through the program's own loaders: peak memory of each, and on a card seconds.

The weights are random. So Qwen3-VL finds nothing, the matte is noise, and the field has no surface: the stages get their
inputs from the plain photo's true masks, and the decoder's values are overwritten with a ball's once they are computed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...places import PLAIN_PHOTO
from ..rows import Row, row
from ..timing import RUNS
from . import full_models, full_size

if TYPE_CHECKING:
    from img23d_backend.stages import Context, CutOut, Engine, Found, Photo

_RADIUS = 0.6
_STEPS_ON_CPU, _RESOLUTION_ON_CPU = 2, 128  # the whole would take an hour there


def measure(tiny: Path, out: Path, *, gpu: bool) -> None:
    full_size.use_the_projects_code()
    import torch

    if gpu and not torch.cuda.is_available():
        rows = [row("locate to mesh on a graphics card: not run, there is none", None, None)]
    else:
        with tempfile.TemporaryDirectory() as folder:
            sizes = full_models.write(Path(folder), tiny)
            rows = [row(f"{set_id} at full size: bytes on disk", size, None) for set_id, size in sizes.items()]
            rows += _chain(Path(folder), gpu=gpu, small=False)
            if gpu:
                rows += _chain(Path(folder), gpu=gpu, small=True)
    out.write_text(json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _chain(folder: Path, *, gpu: bool, small: bool) -> list[Row]:
    """One thing; on a card again and again, since then every model is in memory already."""
    from img23d_backend.engines import Engines
    from img23d_backend.machine.devices import choose
    from img23d_protocol.messages import Settings, Wanted

    settings = Settings.of(speed="standard", small_memory=small)
    if not gpu:
        settings = settings.changed(steps=_STEPS_ON_CPU, octree_resolution=_RESOLUTION_ON_CPU)
    engines = Engines(folder)
    case = _Case(engine=engines.load("hunyuan3d"), settings=settings, meter=_Meter(gpu=gpu))
    photo, found, cutout = inputs()
    work: dict[str, Callable[[], object]] = {
        "locate (Qwen3-VL 2B)": lambda: case.engine.grounder.locate(photo, (Wanted(name="red apple"),), case.context),
        "matte (BiRefNet, 1024 px)": lambda: case.cut_out(photo, found),
        f"shape (Hunyuan3D 2 mini Standard, {_steps(settings.hunyuan3d.shape.steps)}, {settings.hunyuan3d.shape.octree_resolution} cells)": lambda: case.shape(
            cutout
        ),
    }
    dtype = choose("auto").dtype
    where = f"{'with Small Memory' if small else 'as usual'}, {dtype}"
    rows, peaks = [], []
    with _ball_instead_of_noise():
        for what, run in work.items():
            first, peak = case.meter.measured(run)
            peaks.append(peak)
            if gpu:  # on a processor it is minutes: too long for so many runs as a timed row has
                again = [case.meter.measured(run)[0] for _ in range(RUNS)]
                rows.append(row(f"full size, {where}, {what}: seconds of the first run, loading included", first))
                rows.append(row(f"full size, {where}, {what}: seconds, again", again))
            rows.append(row(f"full size, {where}, {what}: {case.meter.memory}, bytes", peak, None))
    goal = ("≤ 4 GB" if small else "≤ 6 GB") if gpu else ""
    rows.append(row(f"full size, {where}, locate to mesh: {case.meter.memory}, bytes", max(peaks), None, goal))
    engines.unload()
    return rows


@dataclass(frozen=True, kw_only=True)
class _Meter:
    gpu: bool

    @property
    def memory(self) -> str:
        return "peak GPU memory" if self.gpu else "peak memory of the process, mapped weights included"

    def measured(self, run: Callable[[], object]) -> tuple[float, int]:
        """Seconds, and bytes at the peak."""
        import torch

        from img23d_backend.machine import memory

        if self.gpu:
            torch.cuda.reset_peak_memory_stats()
        memory.reset_peak()
        started = time.perf_counter()
        run()
        if self.gpu:
            torch.cuda.synchronize()
        seconds = time.perf_counter() - started
        # What the allocator holds and not only what tensors take: the rest of the card cannot use it either
        return seconds, torch.cuda.max_memory_reserved() if self.gpu else memory.peak_bytes()


@dataclass(frozen=True, kw_only=True)
class _Case:
    engine: Engine
    settings: object
    meter: _Meter

    @property
    def context(self) -> Context:
        from img23d_backend.stages import Context

        return Context(settings=self.settings)

    def cut_out(self, photo: Photo, found: Found) -> None:
        from img23d_protocol import ErrorCode, Img23DError

        try:
            self.engine.matter.cut_out(photo, found, self.context)
        except Img23DError as error:
            if error.code != ErrorCode.EMPTY_CUTOUT:  # which noise may well be
                raise

    def shape(self, cutout: CutOut) -> None:
        self.engine.shaper.shape(cutout, self.settings, self.context)


def inputs() -> tuple[Photo, Found, CutOut]:
    """The plain photo, its largest thing's box, and that thing cut out by its true mask."""
    import cv2
    import numpy as np

    from img23d_backend.images import decode_photo, read_file
    from img23d_backend.stages import CutOut, Found, PixelBox

    path = str(PLAIN_PHOTO / "photo.jpg")
    photo = decode_photo(read_file(path), path)
    numbers = cv2.imdecode(np.fromfile(PLAIN_PHOTO / "masks.png", np.uint8), cv2.IMREAD_GRAYSCALE)  # 0 is the ground
    mask = numbers == np.bincount(numbers[numbers > 0]).argmax()  # the largest thing
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = PixelBox(left=int(columns[0]), top=int(rows[0]), right=int(columns[-1]) + 1, bottom=int(rows[-1]) + 1)
    part = np.s_[box.top : box.bottom, box.left : box.right]
    rgba = np.dstack([photo.rgb[part], mask[part].astype(np.uint8) * 255])
    return photo, Found(name="thing", box=box), CutOut(rgba=rgba, left=box.left, top=box.top)


@contextlib.contextmanager
def _ball_instead_of_noise() -> Iterator[None]:
    """The decoder runs as it is; random weights have no surface, so its values are then replaced."""
    from img23d_backend.engines.hunyuan3d.networks.vae import Field

    real = Field.__call__
    Field.__call__ = lambda self, points: real(self, points) * 0 + _RADIUS - points.norm(dim=1)
    try:
        yield
    finally:
        Field.__call__ = real


def _steps(steps: int) -> str:
    return f"{steps} steps" if steps else "its own steps"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("tiny", type=Path, help="the folder of the tiny checkpoints")
    parser.add_argument("--gpu", action="store_true")
    options = parser.parse_args()
    measure(options.tiny, options.out, gpu=options.gpu)
