"""A splitter that is not there: one options module, one line that registers it, and its folder. Everything else has to follow.

It is added to a copy of the source, in a process of its own, as in `test_made_up_engine`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trimesh
from source import ROOT
from test_made_up_engine import BPY

from blender_img23d.shared.img23d_protocol.choices import INSTANTMESH_LICENCE

OPTIONS = '''
"""Cleaver: made up for a test."""

from __future__ import annotations

from dataclasses import field

from ...choices import INSTANTMESH_LICENCE
from ..declare import Options, Record, Row, StageOptions, option
from .splitter import Splitter


class Cutting(StageOptions):
    """Its slices."""

    slices: int = option(
        2, label="Slices", tip="Into how many slices it is cut, 2 to 9", subject="the number of slices", minimum=2, maximum=9,
        flag="--slices", help="how many slices", row=Row(panel="parts", rank=60), record=Record(label="Slices", rank=60),
    )

    stages = ("split",)

    def file_sets(self) -> tuple[str, ...]:
        return ("cleaver-blade",)


class Cleaver(Options):
    """The splitter."""

    cutting: Cutting = field(default_factory=Cutting)

    engine = Splitter(
        id="cleaver", label="Cleaver", tip="Cuts.", uses=(Cutting,), title="Parts, Cleaver", needs_mesh=True,
        needs=NEEDS, licence=INSTANTMESH_LICENCE, licensed=("cleaver-",),
    )
'''
FOLDER = '''
"""Slices of a mesh from left to right."""

from __future__ import annotations

import numpy as np

from ...parts.stage import PartMade, Splitter
from ...stages import Mesh


class Slicer(Splitter):
    def split(self, task, settings, context):
        middles = task.mesh.vertices[task.mesh.faces].mean(axis=1)[:, 0]
        count = settings.parts.cleaver.cutting.slices
        bounds = np.quantile(middles, np.linspace(0, 1, count + 1)[1:-1])
        for number in range(count):
            context.report(number / count, f"part {number + 1}")
            own = np.searchsorted(bounds, middles) == number
            yield PartMade(mesh=Mesh(vertices=task.mesh.vertices, faces=task.mesh.faces[own]), name=f"slice {number + 1}")


def make_splitter(engines):
    return Slicer()
'''
ROWS = '''
"""The cleaver's weights."""

from __future__ import annotations

from img23d_protocol.messages import Stage

from .row import APACHE, WeightSet

ROWS = (
    WeightSet(
        id="cleaver-blade", label="Blade", stage=Stage.SPLIT, repository="smith/blade", revision="0" * 40, files=("blade.safetensors",),
        required=("blade.safetensors",), size_bytes=60_000_000, memory_bytes=60_000_000, **APACHE,
    ),
)
'''
LOOK = """
import json
from pathlib import Path
from types import SimpleNamespace

from blender_img23d.core.requests import build_settings
from blender_img23d.core.runs.recipe import splitting_in_words
from blender_img23d.properties.quality import QualitySettings
from blender_img23d.shared.img23d_protocol import Img23DError, decode, encode
from blender_img23d.shared.img23d_protocol.messages import Split
from blender_img23d.shared.img23d_protocol.options.settings import ENGINES, OPTIONS, licence_of, splitter_named
import img23d_protocol
from img23d_backend.engines import Engines

found = {}
annotations = {name: said for base in QualitySettings.__mro__ for name, said in base.__dict__.get("__annotations__", {}).items()}
found["property"] = annotations["slices"]
found["choices"] = [one[0] for one in annotations["splitter"][1]["items"]]
found["engines"] = [identifier for identifier, _, _ in ENGINES]
try:
    build_settings(slices=10)
except Img23DError as error:
    found["refused"] = error.sentence
settings = build_settings(splitter="cleaver", slices=3)
request = Split(job="j", run_folder="/r", mesh="/m.npz", settings=settings)
found["round trip"] = decode(encode(request)) == request
found["words"] = splitting_in_words(settings)
found["licence"] = licence_of("cleaver-blade")
found["shown"] = sorted(one.key for one in OPTIONS if splitter_named("cleaver").shows(one, settings.value))
engines = Engines(Path("nowhere"))
found["weights"] = [(one.id, one.stage) for one in engines.weights.infos() if one.stage == "split"]
found["ready"] = {one.id: (one.ready, one.note) for one in engines.splitter_infos()}
try:
    found["backend"] = type(engines.load_splitter("cleaver")).__name__
except img23d_protocol.Img23DError as error:
    found["backend"] = error.sentence
print(json.dumps(found))
"""


def made(root: Path, needs: str) -> Path:
    """The source with it; `needs` are the stages whose weights it cannot do without."""
    for name in ("blender_img23d", "backend"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.onnx"))
    options = root / "blender_img23d" / "shared" / "img23d_protocol" / "options" / "parts"
    (options / "cleaver.py").write_text(OPTIONS.replace("NEEDS", needs), encoding="utf-8")
    register(options / "parts.py")
    folder = root / "backend" / "img23d_backend" / "engines" / "cleaver"
    folder.mkdir()
    (folder / "__init__.py").write_text(FOLDER, encoding="utf-8")
    weights = root / "backend" / "img23d_backend" / "weights"
    (weights / "rows" / "cleaver.py").write_text(ROWS, encoding="utf-8")
    put_in(weights / "registry.py", "from .rows.row import", "from .rows.cleaver import ROWS as CLEAVER\nfrom .rows.row import")
    put_in(weights / "registry.py", "WEIGHT_SETS: tuple[WeightSet, ...] = (", "WEIGHT_SETS: tuple[WeightSet, ...] = (\n    *CLEAVER,")
    (root / "look.py").write_text(BPY + LOOK, encoding="utf-8")
    return root


def put_in(path: Path, text: str, new: str) -> None:
    before = path.read_text(encoding="utf-8")
    assert text in before
    path.write_text(before.replace(text, new, 1), encoding="utf-8")


def register(path: Path) -> None:
    """The line of the splitter, the last one, and its import."""
    head, line, rest = path.read_text(encoding="utf-8").partition("\n\n\ndef _declared(")
    assert line and "import BuiltIn" in head
    head = head.replace("from .splitter import", "from .cleaver import Cleaver\nfrom .splitter import", 1)
    path.write_text(head + "\n    cleaver: Cleaver = field(default_factory=Cleaver)" + line + rest, encoding="utf-8")


def run(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(map(str, (root, root / "backend", root / "blender_img23d" / "shared")))
    return subprocess.run([sys.executable, *command], cwd=root, env={**os.environ, "PYTHONPATH": path}, capture_output=True, encoding="utf-8")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("source"), needs="()")


@pytest.fixture(scope="module")
def found(root: Path) -> dict[str, Any]:
    done = run(root, "look.py")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_list_of_splitters_ends_with_it_and_the_engines_are_as_before(found: dict[str, Any]) -> None:
    assert found["choices"][0] == "preview" and found["choices"][-1] == "cleaver", "Blender keeps the place in this list"
    assert "cleaver" not in found["engines"] and found["engines"][0] == "preview"


def test_its_option(found: dict[str, Any]) -> None:
    kind, said = found["property"]
    assert kind == "IntProperty" and (said["name"], said["default"], said["min"], said["max"]) == ("Slices", 2, 2, 9)
    assert found["refused"] == "The number of slices must be 2 to 9, not 10." and found["shown"] == ["slices"]


def test_a_request_there_and_back_and_its_words(found: dict[str, Any]) -> None:
    assert found["round trip"]
    (*words, licence) = found["words"]
    assert words == [["Split With", "Cleaver"], ["Slices", "3"]] and licence[0] == "Licence" and licence[1]


def test_licence_and_readiness(found: dict[str, Any], tmp_path: Path) -> None:
    assert found["licence"] == INSTANTMESH_LICENCE and found["ready"]["cleaver"] == [True, "Cuts."] and found["backend"] == "Slicer"
    assert found["weights"][0] == ["cleaver-blade", "split"]
    needy = run(made(tmp_path, needs='("split",)'), "look.py")
    assert needy.returncode == 0, needy.stderr
    lacking = "Lacks a model that splits things: download one under AI Models."
    told = json.loads(needy.stdout)
    assert told["ready"]["cleaver"] == [False, lacking] and told["ready"]["preview"][0] and told["backend"] == lacking


def test_the_command_line(root: Path, tmp_path: Path) -> None:
    ball = trimesh.creation.icosphere(subdivisions=2)
    ball.apply_translation((7, 0, 0))
    ball.export(tmp_path / "ball.glb")
    out = tmp_path / "out"
    done = run(root, "-m", "img23d_backend", "parts", str(tmp_path / "ball.glb"), "--out", str(out), "--engine", "cleaver", "--slices", "4")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == [*(f"slice {number}" for number in range(1, 5)), str(out) + " (4 parts)"][: len(lines)]
    scene = trimesh.load(out / "00_ball_parts.glb")
    assert sorted(scene.graph.nodes_geometry) == ["slice 1", "slice 2", "slice 3", "slice 4"]
    assert scene.bounds[:, 0].tolist() == pytest.approx([6, 8], abs=0.02), "at the mesh's own place"
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert record["settings"]["parts"]["cleaver"]["cutting"]["slices"] == 4 and len(record["parts"]) == 4
    shown = run(root, "-m", "img23d_backend", "parts", "--help").stdout
    assert "--slices SLICES" in shown and "how many slices" in shown and "{preview" in shown
