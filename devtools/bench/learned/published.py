"""The shape models at full size, with the published names, through the program's own loaders to a mesh.

The weight files are made from the frozen lists in tests/published: their names, shapes and types, down to the published
number of bytes where that is public, filled with random numbers. Loading is strict: a tensor that the networks do not
ask for, or one that is lacking, ends the run. To see that it would, one name in the file is spoiled afterwards.

    python -m devtools.bench.learned.published SET FOLDER OUT.json     one set, in a process of its own
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from ...places import BUILD, ROOT
from ...running import clean_environment, run
from . import full_size

if TYPE_CHECKING:
    from published.lists import PublishedFile
    from torch import Tensor

FIGURES = ROOT / "docs" / "figures" / "published.json"
SETS = tuple(f"hunyuan3d-{model}-{speed}" for model in ("2mini", "2", "2mv") for speed in ("standard", "turbo"))
STEPS, CELLS, FACES = 1, 64, 5_000  # on a processor the usual ones take most of an hour
_TURBO = {"scheduler": "ConsistencyFlowMatchEulerDiscreteScheduler", "num_train_timesteps": 1000, "pcm_timesteps": 100}
_DECODED = 256  # points of each chunk; a processor needs minutes for all
_RADIUS = 0.6  # of the ball
_SCALES = ("norm", "ln_", "lambda1", ".scale")  # around 1; all else around 0
_SPOILED = (b"model.latent_in.bias", b"model.latent_on.bias")
_HEAD = ("file set", "tensors", "bytes of the file", "published bytes", "seconds", "peak memory", "faces", "one name spoiled")


def measure_published(python: Path, *, machine: str) -> None:
    """One set after the other, each file deleted before the next is written. `python` is the learned environment's."""
    folder = BUILD / "bench" / "learned" / "published"
    answer = folder / "answer.json"
    rows = []
    for set_id in SETS:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        print(f"Full size: {set_id} ...", flush=True)
        try:
            run([python, "-m", f"{__package__}.published", set_id, folder / "models", answer], env=clean_environment(), cwd=ROOT)
            rows.append(json.loads(answer.read_text(encoding="utf-8")))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    result = {"machine": machine, "date": date.today().isoformat(), "steps": STEPS, "cells": CELLS, "rows": rows}
    FIGURES.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def published_part() -> list[str]:
    """The document's lines; none where it was never measured."""
    if not FIGURES.is_file():
        return []
    data = json.loads(FIGURES.read_text(encoding="utf-8"))
    lines = ["| " + " | ".join(_HEAD) + " |", "|---|" + "---:|" * (len(_HEAD) - 2) + "---|"]
    lines += [_line(row) for row in data["rows"]]
    left = [set_id for set_id in SETS if set_id not in {row["set"] for row in data["rows"]}]
    lines += [f"| {set_id} |" + " not run |" + " |" * (len(_HEAD) - 2) for set_id in left]
    words = (
        f"On {data['machine']}, {data['date']}: weight files with the published names, shapes and types (tests/published says from "
        "which sources) and random numbers go through the program's own loaders, strict, and its shape stage to a mesh "
        f"({data['rows'][0]['dtype']}, {data['steps']} step, {data['cells']} cells; the decoder computes some points of each chunk, and a ball's distances take the place of "
        "all values, since random weights have no surface). Published weights were never loaded for this. Seconds include loading and say little beside other "
        "work of the machine; memory is the process's peak, mapped files included."
    )
    return ["## The published files at full size", words, "\n".join(lines)]


def _line(row: dict) -> str:
    wanted = "unknown" if row["published_bytes"] is None else ("the same" if row["bytes"] == row["published_bytes"] else "**others**")
    cells = (row["set"], f"{row['tensors']:,}", f"{row['bytes']:,}", wanted, f"{row['seconds']:.0f}", f"{row['peak_bytes'] / 1e9:.1f} GB")
    return "| " + " | ".join((*cells, f"{row['faces']:,}", "refused" if row["refuses_another_name"] else "**taken**")) + " |"


# --- one set ----------------------------------------------------------------------------------------------------------


def measure_one(set_id: str, models: Path) -> dict[str, object]:
    """Writes the set into the models folder and makes a mesh with it; raises what the program raises."""
    full_size.use_the_projects_code()
    from published.lists import files_of

    from img23d_backend.engines.hunyuan3d import make_shaper
    from img23d_backend.machine import memory
    from img23d_backend.machine.devices import choose
    from img23d_backend.models.store import ModelStore
    from img23d_backend.stages import Context
    from img23d_backend.weights.registry import weight_set
    from img23d_backend.weights.store import WeightStore
    from img23d_protocol.messages import Settings

    from .chain import inputs

    (file,) = files_of(set_id)
    folder = models / set_id / weight_set(set_id).subfolder
    write(folder, file, is_multiview="2mv" in set_id, is_turbo=set_id.endswith("turbo"))
    path = folder / Path(file.path).name
    store = WeightStore(models)
    store.adopt(set_id)
    model, _, speed = set_id.rpartition("-")
    settings = Settings.of(shape_model=model, speed=speed, steps=STEPS, octree_resolution=CELLS, budget=FACES, shape_device="cpu")
    *_, cutout = inputs()
    memory.reset_peak()
    started = time.perf_counter()
    with _ball_instead_of_noise():
        shaped = make_shaper(store, ModelStore()).shape(cutout, settings, Context())
    seconds, peak = time.perf_counter() - started, memory.peak_bytes()
    return {
        "set": set_id,
        "tensors": len(file.tensors),
        "bytes": path.stat().st_size,
        "published_bytes": file.bytes,
        "known": file.known,
        "dtype": str(choose("cpu").dtype),
        "seconds": round(seconds, 1),
        "peak_bytes": peak,
        "faces": len(shaped.mesh.faces),
        "refuses_another_name": _is_refused(folder, path),
    }


def write(folder: Path, file: PublishedFile, *, is_multiview: bool, is_turbo: bool) -> None:
    """config.yaml, and the weights as the safetensors format lays them out."""
    import yaml
    from tiny.shape import published_config

    dit = next(config for name, config in file.config.items() if name.startswith("dit"))
    content = published_config(
        dit=dit | file.config.get("guidance", {}),
        vae=file.config["vae"],
        dino=file.config["dinov2_giant"],
        picture=full_size.PICTURE,
        views=4 if is_multiview else 1,
        **(_TURBO if is_turbo else {}),
    )
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    full_size.write_random(folder / Path(file.path).name, file, _is_scale)


def _is_scale(name: str) -> bool:
    return name.endswith(("weight", "lambda1", "scale")) and any(sign in name for sign in _SCALES)


@contextlib.contextmanager
def _ball_instead_of_noise() -> Iterator[None]:
    """Random weights have no surface: a part of the points goes through the decoder, then all get a ball's values."""
    from img23d_backend.engines.hunyuan3d.networks.vae import Field

    real = Field.__call__

    def call(self: Field, points: Tensor) -> Tensor:
        decoded = real(self, points[:_DECODED])
        if not decoded.isfinite().all():
            raise RuntimeError("the decoder's values are not finite")
        return _RADIUS - points.norm(dim=1)

    Field.__call__ = call
    try:
        yield
    finally:
        Field.__call__ = real


def _is_refused(folder: Path, path: Path) -> bool:
    """Whether the loader takes no file in which a single tensor has another name."""
    from img23d_backend.engines.hunyuan3d.shape.loaders import ShapeParts
    from img23d_backend.machine.devices import choose
    from img23d_protocol import ErrorCode, Img23DError

    with path.open("r+b") as file:
        head = file.read(int.from_bytes(file.read(8), "little"))
        file.seek(8 + head.index(_SPOILED[0]))
        file.write(_SPOILED[1])
    try:
        ShapeParts(folder=folder).dit(choose("cpu").dtype)
    except Img23DError as error:
        return error.code is ErrorCode.WEIGHTS_UNFIT
    return False


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("set", choices=SETS)
    parser.add_argument("models", type=Path, help="an empty folder with 5 GB to spare")
    parser.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    row = measure_one(options.set, options.models)
    options.out.write_text(json.dumps(row), encoding="utf-8")


if __name__ == "__main__":
    main()
