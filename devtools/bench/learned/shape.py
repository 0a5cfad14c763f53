"""The shape stage against hy3dgen's own path, in one run: loading, the guided step, the decoding. Full size, random weights.

Runs in the learned environment, on the processor or with --gpu on the first graphics card:

    python -m devtools.bench.learned.shape OUT.json [--gpu]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ...places import ROOT
from ..rows import Row, row
from ..timing import RUNS
from . import full_size

RESOLUTION = 384
_DENSE_QUERIES = (RESOLUTION + 1) ** 3
_RADIUS = 0.6
_SMALL_VAE = {"width": 128, "heads": 2, "num_decoder_layers": 1}  # on a processor the full one takes an hour
_SAMPLED = 1 << 19  # dense queries that are timed where all would take too long


def measure(out: Path, *, gpu: bool) -> None:
    full_size.use_the_projects_code()
    import torch

    if gpu and not torch.cuda.is_available():
        rows = [row("the shape stage on a graphics card: not run, there is none", None, None, "")]
    else:
        device = "cuda" if gpu else "cpu"
        with tempfile.TemporaryDirectory() as folder:
            size = full_size.write(Path(folder))
            model = Path(folder)
            rows = [*loading(model, device, size), *guided_step(model, device), *decoding(model, device)]
    out.write_text(json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def loading(folder: Path, device: str, size: int) -> list[Row]:
    """Both from warm files in half precision, each time in a process of its own, which tells its peak memory as well."""
    runs = [(_loaded("ours", folder, device), _loaded("hy3dgen", folder, device)) for _ in range(RUNS)]
    ours, theirs = ({key: [run[side][key] for run in runs] for key in runs[0][side]} for side in (0, 1))
    what = f"shape model load, {size / 1e9:.2f} GB, on {_name(device)}"
    rows = [
        row(f"{what}: seconds", ours["seconds"], theirs["seconds"], "≥ 50x"),
        row(f"{what}: host memory at its peak, bytes", ours["host_bytes"], theirs["host_bytes"], "≤ 0.45x"),
    ]
    if device == "cpu":
        rows.append(row(f"{what}: seconds, every page of the map touched", ours["touched_seconds"], theirs["seconds"], ""))
    return rows


def guided_step(folder: Path, device: str) -> list[Row]:
    """One step of the sampler with guidance: hy3dgen's doubled batch against ours. Parity is the tests' business."""
    import torch
    from shape_checkpoints import hy3dgen_importable

    from img23d_backend.engines.hunyuan3d.shape.loaders import ShapeParts
    from img23d_backend.engines.hunyuan3d.shape.sampling import sample
    from img23d_backend.engines.hunyuan3d.shape.schedule import Step

    with hy3dgen_importable():
        from hy3dgen.shapegen.models import Hunyuan3DDiT
    dtype = torch.float32 if device == "cpu" else torch.float16
    ours = ShapeParts(folder=folder).dit(dtype).to(device)
    with torch.device("meta"):
        theirs = Hunyuan3DDiT(**full_size.MODEL)
    theirs.load_state_dict(ours.state_dict(), assign=True)
    latents = torch.randn(1, 512, 64, dtype=dtype, device=device)
    context = torch.randn(1, full_size.TOKENS, 1536, dtype=dtype, device=device)
    both = {"main": torch.cat((context, torch.zeros_like(context)))}
    time_of_both = torch.full((2,), 0.5, dtype=dtype, device=device)
    step = Step(timestep=500.0, length=0.02)

    def their_step() -> None:
        guided, unguided = theirs(torch.cat([latents] * 2), time_of_both, both).chunk(2)
        unguided + 5.0 * (guided - unguided)

    def our_step() -> None:
        sample(ours, latents, context, [step], train_timesteps=1000, guidance=5.0, on_step=lambda done: None)

    mine, other = _alternating(our_step, their_step, device)
    goal = "≥ 1.5x" if device == "cpu" else "≥ 1.6x"
    return [row(f"guided DiT step, {dtype}, on {_name(device)}: {_unit(device)}", mine, other, goal)]


def decoding(folder: Path, device: str) -> list[Row]:
    """Dense against sparse at 384 with the same decoder, whose values are overwritten with a ball's: random weights have no
    surface. On a processor the decoder is a small one, and the dense time is that of a part, extrapolated.
    """
    import numpy as np
    import torch

    from img23d_backend.engines.hunyuan3d.networks.vae import ShapeVAE
    from img23d_backend.engines.hunyuan3d.shape.loaders import ShapeParts
    from img23d_backend.mesh.isosurface.octree import sample_sparse

    is_cpu = device == "cpu"
    if is_cpu:
        vae = ShapeVAE(**(full_size.VAE | _SMALL_VAE)).eval()
    else:
        vae = ShapeParts(folder=folder).vae(torch.float16).to(device)
    chunk = 1 << (13 if is_cpu else 15)
    rows = []
    with torch.inference_mode():
        field = vae.field(torch.randn(512, 64, device=device))

        def query(points: np.ndarray) -> np.ndarray:
            values = []
            for first in range(0, len(points), chunk):
                part = torch.from_numpy(points[first : first + chunk]).to(device)
                values.append((field(part) * 0 + _RADIUS - part.norm(dim=1)).cpu().numpy())
            return np.concatenate(values)

        dense_queries = _SAMPLED if is_cpu else _DENSE_QUERIES
        for padded, goal in ((True, "≥ 12x"), (False, "≥ 20x")):
            dense, seconds, fields = [], [], []
            for _ in range(RUNS):
                dense.append(_seconds(lambda: _dense(query, dense_queries), device) * _DENSE_QUERIES / dense_queries)
                seconds.append(_seconds(lambda: fields.append(sample_sparse(query, resolution=RESOLUTION, bounds=1.01, padded=padded)), device))  # noqa: B023
            what = f"decode of a ball at {RESOLUTION}{'' if padded else ', unpadded'}"
            extrapolated = ", dense time extrapolated" if is_cpu else ""
            how = f"decoder {vae.post_kl.out_features} wide{extrapolated}, on {_name(device)}"
            rows.append(row(f"{what}: queries", fields[-1].queries, _DENSE_QUERIES, goal))
            rows.append(row(f"{what}: {_unit(device)}, {how}", seconds, dense, goal))
    if not is_cpu:
        peak = torch.cuda.max_memory_allocated()
        rows.append(row("peak GPU memory of these steps, bytes", peak, None, "≤ 6 GB"))
    return rows


def _dense(query: Callable, count: int) -> None:
    """The first so many points of the whole grid, in pieces."""
    import numpy as np

    line = np.linspace(-1.01, 1.01, RESOLUTION + 1, dtype=np.float32)
    piece = 1 << 18
    for first in range(0, count, piece):
        plane, z = np.divmod(np.arange(first, min(first + piece, count)), RESOLUTION + 1)
        query(np.stack([line[plane // (RESOLUTION + 1)], line[plane % (RESOLUTION + 1)], line[z]], axis=1))


# --- one network load, in a process of its own ---------------------------------------------------------------------------


def _loaded(which: str, folder: Path, device: str) -> dict[str, float]:
    command = [sys.executable, "-m", __spec__.name, "--load", which, str(folder), device]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return json.loads(lines[-1])


def load(which: str, folder: Path, device: str) -> dict[str, float]:
    """Called in that process. Imports are not counted, but the memory that they take is, in both."""
    full_size.use_the_projects_code()
    import torch
    from shape_checkpoints import hy3dgen_importable

    from img23d_backend.engines.hunyuan3d.networks import conditioner, dit, vae  # noqa: F401
    from img23d_backend.engines.hunyuan3d.shape.loaders import ShapeParts
    from img23d_backend.machine import memory

    with hy3dgen_importable():
        from hy3dgen.shapegen.pipelines import Hunyuan3DDiTFlowMatchingPipeline
    started = time.perf_counter()
    if which == "ours":
        parts = ShapeParts(folder=folder)
        networks = [make(torch.float16).to(device) for make in (parts.conditioner, parts.dit, parts.vae)]
    else:
        files = str(folder / "model.fp16.safetensors"), str(folder / "config.yaml")
        networks = [Hunyuan3DDiTFlowMatchingPipeline.from_single_file(*files, device=device, use_safetensors=True)]
    if device != "cpu":
        torch.cuda.synchronize()
    seconds = time.perf_counter() - started
    if which == "ours":
        for network in networks:
            for parameter in network.parameters():
                parameter.data.flatten()[::2048].sum()  # a number of every page
    touched = time.perf_counter() - started
    # Not getrusage's figure: on Linux it begins with that of the process which started this one.
    return {"seconds": seconds, "touched_seconds": touched, "host_bytes": memory.peak_bytes()}


# --- measuring ---------------------------------------------------------------------------------------------------------


def _alternating(first: Callable[[], None], second: Callable[[], None], device: str) -> tuple[list[float], list[float]]:
    """Some runs each, in turn, so that what else the machine does meets both. The first of each, which fetches memory, is not kept."""
    import torch

    with torch.inference_mode():
        first(), second()
        times = [(_seconds(first, device), _seconds(second, device)) for _ in range(RUNS)]
    return [one for one, _ in times], [other for _, other in times]


def _seconds(work: Callable[[], object], device: str) -> float:
    """On a processor those of all its threads together, whatever else it does meanwhile."""
    import torch

    clock = time.process_time if device == "cpu" else time.perf_counter
    started = clock()
    work()
    if device != "cpu":
        torch.cuda.synchronize()
    return clock() - started


def _unit(device: str) -> str:
    return "processor seconds" if device == "cpu" else "seconds"


def _name(device: str) -> str:
    import torch

    return torch.cuda.get_device_name() if device != "cpu" else f"a processor, {torch.get_num_threads()} threads"


if __name__ == "__main__":
    if sys.argv[1] == "--load":
        print(json.dumps(load(sys.argv[2], Path(sys.argv[3]), sys.argv[4])))
    else:
        parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
        parser.add_argument("out", type=Path)
        parser.add_argument("--gpu", action="store_true")
        options = parser.parse_args()
        measure(options.out, gpu=options.gpu)
