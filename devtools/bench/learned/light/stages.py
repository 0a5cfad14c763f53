"""The light set's stages at full size with random weights: seconds and peak memory of each, in a process of its own, and what a card would hold.

Random weights find nothing, their matte is noise and their field has no surface: the stages get their inputs from the plain photo's true
masks, and the field's densities are overwritten with a ball's once they are computed. Runs in the learned environment:

    python -m devtools.bench.learned.light.stages OUT.json
"""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....places import PLAIN_PHOTO, ROOT
from ....running import clean_environment
from ...rows import Row, row
from ..chain import inputs
from ..full_size import use_the_projects_code
from . import files

if TYPE_CHECKING:
    from torch import Tensor

    from img23d_backend.stages import CutOut, Found, Painted, Photo, Shaped

THREADS, _CORES = 2, 4  # of this measurement, and of the machine that the goal speaks of
_SECONDS, _CARD_MEMORY = "≤ 60", "≤ 4 GB"
_RUNS = 3  # of each stage, each in a process of its own
_RADIUS = 0.55  # of the ball, in a cube of which half the side is 0.87: as far as a thing reaches that fills 85 % of the picture
_LOG_THRESHOLD = math.log(25.0)  # of the density
_STEEP = 40.0  # of the density's logarithm, per unit of length
# A thread that waits for others sleeps and takes no processor (OMP_WAIT_POLICY in the OpenMP specification): what the first of several
# threads takes is then its own share of the work, and what all would take on as many free cores, whatever else the machine does
_WAITING = {"OMP_WAIT_POLICY": "PASSIVE"}


@dataclass(frozen=True, kw_only=True)
class Took:
    """Of one process. `first` and `again` are seconds of the first run, with all loading, and of the second; `processor` those of all threads,
    `share` and `share_of_more` of the first of 2 and of 4 threads, `loading` of what the first run does beyond the others; `peak` in bytes.
    """

    dtype: str
    first: float
    again: float
    processor: float
    share: float
    share_of_more: float
    loading: float
    peak: int


@dataclass(frozen=True, kw_only=True)
class Held:
    """Bytes of a card: the network's weights, and the tensors beside them at the peak."""

    weights: int
    work: int


def measure(out: Path) -> None:
    use_the_projects_code()
    with tempfile.TemporaryDirectory() as folder:
        sizes = files.write(Path(folder))
        rows = [row(f"{set_id} at full size: bytes on disk", size) for set_id, size in sizes.items()]
        rows += held_rows({name: Held(**_in_a_process("counted", name, folder)) for name in _COUNTED})
        # In turn, so that what else the machine does meets all of them
        runs = [{name: Took(**_in_a_process("timed", name, folder)) for name in _TIMED} for _ in range(_RUNS)]
        rows += [*_stage_rows(runs), *object_rows(runs)]
    out.write_text(json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def held_rows(held: Mapping[str, Held]) -> Iterator[Row]:
    how = "on a card, counted without one, bytes"
    for name, one in held.items():
        yield row(f"{name}: memory {how}", one.weights + one.work)
    yield row(f"photo to textured mesh: memory {how}, one network at a time", max(one.weights + one.work for one in held.values()), None, _CARD_MEMORY)
    weights, work = sum(one.weights for one in held.values()), max(one.work for one in held.values())
    yield row(f"photo to textured mesh: memory {how}, all networks staying there, as they do where there is room", weights + work)


def _stage_rows(runs: Sequence[Mapping[str, Took]]) -> Iterator[Row]:
    for name in runs[0]:
        took = [run[name] for run in runs]
        what = f"{name}, {took[0].dtype}, {THREADS} threads"
        yield row(f"{what}: seconds of the first run, loading included", [one.first for one in took])
        yield row(f"{what}: seconds, again", [one.again for one in took])
        yield row(f"{what}: processor seconds, again, all threads", [one.processor for one in took])
        yield row(f"{what}: processor seconds, again, the first thread", [one.share for one in took])
        yield row(f"{what}: peak memory of the process, bytes", [one.peak for one in took])


def object_rows(runs: Sequence[Mapping[str, Took]]) -> Iterator[Row]:
    every = [run.values() for run in runs]
    loading = [sum(one.loading for one in took) for took in every]
    what = "one object, photo to textured mesh, all stages one after the other"
    yield row(f"{what}, loading included, {THREADS} threads: seconds beside the machine's other work", [sum(one.first for one in took) for took in every])
    for threads, share in ((THREADS, "share"), (_CORES, "share_of_more")):
        said = f"{threads} free cores like these, extrapolated from the first of {threads} threads: processor seconds"
        loaded, goal = [sum(getattr(one, share) for one in took) for took in every], _SECONDS if threads == _CORES else ""
        yield row(f"{what}, everything loaded, {said}", loaded, None, goal)
        yield row(f"{what}, loading included, {said}", [a + b for a, b in zip(loaded, loading, strict=True)], None, goal)


def _in_a_process(way: str, name: str, models: str) -> dict[str, Any]:
    print(f"  {name}, {way} ...", flush=True)
    command = [sys.executable, "-m", __spec__.name, "--stage", way, name, models]
    done = subprocess.run(command, cwd=ROOT, env=clean_environment(**_WAITING), stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


# --- in that process: seconds and memory on a processor -----------------------------------------------------------------


def timed(name: str, models: Path) -> Took:
    """With the settings as they come."""
    from img23d_backend.engines import Engines
    from img23d_backend.machine import memory

    _use_threads(THREADS)
    with _ball_instead_of_noise():
        stage = _TIMED[name](_Case(engines=Engines(models)))
        stage.prepare()
        memory.reset_peak()
        first = _seconds(stage.run)
        peak = memory.peak_bytes()
        again = _seconds(stage.run)
        _use_threads(_CORES)
        more = _seconds(stage.run)
    return Took(
        dtype=stage.dtype,
        first=first.elapsed,
        again=again.elapsed,
        processor=again.processor,
        share=again.share,
        share_of_more=more.share,
        loading=max(0.0, first.processor - again.processor),
        peak=peak,
    )


def _use_threads(count: int) -> None:
    import cv2
    import torch

    torch.set_num_threads(count)
    cv2.setNumThreads(count)


@dataclass(frozen=True, kw_only=True)
class _Seconds:
    """By the clock, of all threads, and of this one."""

    elapsed: float
    processor: float
    share: float


def _seconds(run: Callable[[], object]) -> _Seconds:
    share, processor, clock = time.thread_time(), time.process_time(), time.perf_counter()
    run()
    return _Seconds(elapsed=time.perf_counter() - clock, processor=time.process_time() - processor, share=time.thread_time() - share)


@dataclass(frozen=True, kw_only=True)
class _Stage:
    """`prepare` is done before, and not measured."""

    dtype: str
    run: Callable[[], object]
    prepare: Callable[[], object] = field(default=lambda: None)


class _Case:
    """The engine, its settings, and a thing of the plain photo."""

    def __init__(self, engines: Any) -> None:
        from img23d_backend.stages import Context
        from img23d_protocol.messages import Settings

        self.engines, self.engine = engines, engines.load("light")
        self.settings = Settings.of(locate_device="cpu", matte_device="cpu", shape_device="cpu", paint_device="cpu")
        self.context = Context(settings=self.settings)
        self.photo: Photo
        self.found: Found
        self.cutout: CutOut
        self.photo, self.found, self.cutout = inputs()
        self.shaped: Shaped | None = None

    def find(self) -> object:
        from img23d_protocol.messages import Wanted

        names = json.loads((PLAIN_PHOTO / "camera.json").read_text(encoding="utf-8"))["names"]
        return self.engine.grounder.locate(self.photo, tuple(Wanted(name=name) for name in names), self.context)

    def cut_out(self) -> None:
        from img23d_protocol import ErrorCode, Img23DError

        try:
            self.engine.matter.cut_out(self.photo, self.found, self.context)
        except Img23DError as error:
            if error.code != ErrorCode.EMPTY_CUTOUT:  # which noise may well be
                raise

    def measure_depth(self) -> object:
        return self.engines.depth().depth(self.photo, self.context)

    def shape(self) -> None:
        self.engine.shaper.unload()  # the field of the same picture would be kept
        self.shaped = self.engine.shaper.shape(self.cutout, self.settings, self.context)

    def paint(self) -> Painted:
        assert self.shaped is not None
        return self.engine.painter.paint(self.shaped.mesh, self.shaped.view, self.cutout, self.settings, self.context)


def _processor_dtype() -> str:
    from img23d_backend.machine.devices import choose

    return str(choose("cpu").dtype).removeprefix("torch.")


_TIMED: Mapping[str, Callable[[_Case], _Stage]] = {
    "finds (LLMDet tiny, eight names)": lambda case: _Stage(dtype="float32", run=case.find),
    "cuts out (BiRefNet lite, 1024 px)": lambda case: _Stage(dtype=_processor_dtype(), run=case.cut_out),
    "depth (Depth Anything V2 small, 518 px)": lambda case: _Stage(dtype="float32", run=case.measure_depth),
    "shapes (TripoSR, 256 cells)": lambda case: _Stage(dtype="float32", run=case.shape),
    "paints (TripoSR's field, which is kept)": lambda case: _Stage(dtype="float32", run=case.paint, prepare=case.shape),
}


@contextlib.contextmanager
def _ball_instead_of_noise() -> Iterator[None]:
    """The decoder runs as it is; then its densities are replaced."""
    from img23d_backend.engines.triposr.networks.field import FieldDecoder

    real = FieldDecoder.__call__

    def call(self: FieldDecoder, planes: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        density, colors = real(self, planes, points)
        return density * 0 + _LOG_THRESHOLD + _STEEP * (_RADIUS - points.norm(dim=1)), colors

    FieldDecoder.__call__ = call
    try:
        yield
    finally:
        FieldDecoder.__call__ = real


# --- in that process: what a card would hold ----------------------------------------------------------------------------


def counted(name: str, models: Path) -> Held:
    """The bytes of all tensors at once, computed on the processor in numbers as wide as a card's, in as large pieces as there."""
    import torch

    _use_threads(1)  # takes as much memory as more of them
    with torch.inference_mode():
        return _COUNTED[name](models)


def _held(network: Any, run: Callable[[], object]) -> Held:
    from ..trellis.live import LiveBytes, weight_bytes

    with LiveBytes() as live:
        run()
    return Held(weights=weight_bytes(network), work=live.peak)


def _hold_finding(models: Path) -> Held:
    from img23d_backend.engines.llmdet.model import LlmDetTokenizer, input_size, look, prepared, read_network
    from img23d_backend.engines.llmdet.prompt import texts
    from img23d_backend.machine.devices import choose

    folder = models / files.GROUNDER
    network, tokenizer, (photo, *_) = read_network(folder), LlmDetTokenizer(folder), inputs()
    names = json.loads((PLAIN_PHOTO / "camera.json").read_text(encoding="utf-8"))["names"]
    kinds = tuple(name.split()[-1] for name in names)
    (text,) = texts(kinds, tokenizer.tokens, tokenizer.marks)
    picture = prepared(photo.rgb, input_size(folder))
    return _held(network, lambda: look(network, picture, text, choose("cpu"), lambda _: None))


def _hold_cutting_out(models: Path) -> Held:
    import torch

    from img23d_backend.engines.birefnet.inference import input_side, load, matte

    network, (photo, *_) = load(models / files.MATTER, torch.bfloat16), inputs()
    side = input_side(models / files.MATTER, files.MATTER)
    return _held(network, lambda: matte(network, photo.rgb, side, lambda _: None))


def _hold_depth(models: Path) -> Held:
    from img23d_backend.engines.depth_anything.depth import input_side, load, prepared

    network, (photo, *_) = load(models / files.DEPTH), inputs()
    pixels = prepared(photo.rgb, input_side(models / files.DEPTH))
    return _held(network, lambda: network(pixel_values=pixels))


def _hold_shaping(models: Path) -> Held:
    import torch

    from img23d_backend.engines.triposr.networks.reconstruction import load

    network = load(models / files.SHAPER)
    picture = torch.rand(1, 3, network.config.picture_side, network.config.picture_side)
    return _held(network, lambda: network(picture))


def _hold_asking(models: Path) -> Held:
    """The field of a thing, for its surface and for its colours, at as many places at a time as on a card."""
    import torch

    from img23d_backend.engines.triposr.config.published import read_config
    from img23d_backend.engines.triposr.networks.field import FieldDecoder
    from img23d_backend.engines.triposr.networks.reconstruction import CONFIG
    from img23d_backend.fields.planes import POINTS_ON_CARD

    config = read_config(models / files.SHAPER / CONFIG)
    decoder, side = FieldDecoder(config.decoder).eval(), 2 * config.backbone.plane_size

    def ask() -> object:
        planes = torch.rand(3, config.backbone.out_channels, side, side)
        return decoder(planes, torch.rand(POINTS_ON_CARD, 3))

    return _held(decoder, ask)


_COUNTED: Mapping[str, Callable[[Path], Held]] = {
    "finds (LLMDet tiny), float32": _hold_finding,
    "cuts out (BiRefNet lite, 1024 px), half precision": _hold_cutting_out,
    "depth (Depth Anything V2 small, 518 px), float32": _hold_depth,
    "shapes (TripoSR), float32": _hold_shaping,
    "surface and colours (TripoSR's field), float32": _hold_asking,
}


if __name__ == "__main__":
    if sys.argv[1] == "--stage":
        use_the_projects_code()
        chosen = {"timed": timed, "counted": counted}[sys.argv[2]]
        print(json.dumps(asdict(chosen(sys.argv[3], Path(sys.argv[4])))))
    else:
        measure(Path(sys.argv[1]))
