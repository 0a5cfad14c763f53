"""An engine that is not there: one options module, one line that registers it, and its folder. Everything else has to follow.

It is added to a copy of the source, in a process of its own, where Blender's declarations are written down instead of made.
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
from source import ROOT

OPTIONS = '''
"""Clay: made up for a test."""

from __future__ import annotations

from dataclasses import field

from .all_engines import Common
from .declare import Engine, Options, Record, Row, StageOptions, option


class Kneading(StageOptions):
    """Its shape."""

    strokes: int = option(
        12, label="Kneading", tip="How often the clay is kneaded, 1 to 40", subject="the number of kneadings", minimum=1, maximum=40,
        step=2, presets={"draft": 3, "best": 40}, flag="--kneading", help="how often it is kneaded", key="kneading",
        row=Row(panel="shape", rank=10), record=Record(label="Kneaded", rank=30),
    )
    glaze: str = option(
        "matt", label="Glaze", tip="What the clay is covered with", subject="the glaze",
        choices=(("matt", "Matt", "Without a shine"), ("salt", "Salt", "With a shine")), flag="--glaze", help="what covers it",
        row=Row(panel="texture", rank=70), record=Record(label="Glaze", rank=80),
    )

    stages = ("shape",)


class Clay(Options):
    """The engine."""

    kneading: Kneading = field(default_factory=Kneading)

    engine = Engine(id="clay", label="Clay", tip="Kneads.", uses=(Common, Kneading), title="Shape, Clay", is_built_in=False, has_kinds=True)
'''
FOLDER = '''
"""Clay's stages."""

from __future__ import annotations

from dataclasses import replace


def assemble(engines):
    """The preview engine under another name."""
    return replace(engines.assembled("preview"), id="clay")
'''
# The declarations of bpy.props, kept as what they were called with
BPY = """
import sys, types


class Module(types.ModuleType):
    __path__ = []

    def __getattr__(self, name):
        if name.endswith("Property"):
            return lambda **said: (name, said)
        return type(name, (), {})


for name in ("bpy", "bpy.props", "bpy.types", "bpy.app", "bpy.app.translations", "bpy.utils"):
    sys.modules[name] = Module(name)
    parent, _, own = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], own, sys.modules[name])
"""
LOOK = """
import argparse, json, sys
from types import SimpleNamespace

from blender_img23d.core.presets import matching, preset
from blender_img23d.core.runs.recipe import settings_in_words
from blender_img23d.core.requests import build_settings
from blender_img23d.panels.widgets.option_rows import draw_rows
from blender_img23d.properties.defaults import DEFAULT_FIELDS, StartSettings
from blender_img23d.properties.quality import QualitySettings
from blender_img23d.app.commands.reuse import _set_quality
from blender_img23d.shared.img23d_protocol import Img23DError, decode, encode
from blender_img23d.shared.img23d_protocol.messages import Generate, Settings
from blender_img23d.shared.img23d_protocol.options.settings import ENGINES
from img23d_backend.cli import generate
from img23d_backend.engines import Engines

found = {}
annotations = {name: said for base in QualitySettings.__mro__ for name, said in base.__dict__.get("__annotations__", {}).items()}
found["properties"] = {name: annotations[name] for name in ("kneading", "glaze")}
found["kept"] = [name for name in DEFAULT_FIELDS if name in ("kneading", "glaze")]
found["engines"] = [identifier for identifier, _, _ in ENGINES]


def refused(**values):
    try:
        build_settings(**values)
    except Img23DError as error:
        return error.sentence


found["refused"] = [refused(kneading=41), refused(glaze="gold")]
settings = build_settings(kneading=7, glaze="salt")
request = Generate(job="j", photo="/p.png", run_folder="/r", engine="clay", settings=settings)
found["sent"] = json.loads(encode(request))["settings"]["clay"]
found["round trip"] = decode(encode(request)) == request
found["words"] = settings_in_words("clay", settings)
found["presets"] = [preset(name).settings["kneading"] for name in ("draft", "balanced", "best")]
table = {name: 0 for name in DEFAULT_FIELDS} | dict(preset("best").settings)
found["matching"] = [matching(SimpleNamespace(**table | {"engine": "clay"} | more)) for more in ({}, {"cutter": "light"}, {"kneading": 3})]


class Panel:
    active = True

    def __init__(self, drawn):
        self.drawn = drawn

    def prop(self, values, name, **said):
        self.drawn.append(name)

    def separator(self):
        pass

    def row(self):
        return self

    column = row


found["panel"] = {}
for engine in ("clay", "preview"):
    for panel in ("shape", "texture"):
        drawn = []
        draw_rows(Panel(drawn), SimpleNamespace(**table | {"engine": engine}), panel)
        found["panel"][f"{engine} {panel}"] = drawn
values = SimpleNamespace()
_set_quality(values, settings)
found["re-used"] = [values.kneading, values.glaze]
parser = argparse.ArgumentParser()
generate.add_arguments(parser)
found["help"] = parser.format_help()
chosen = generate.chosen_settings(parser.parse_args(["p.png", "--out", "o", "--kneading", "5", "--glaze", "salt"]))
found["command line"] = [chosen.clay.kneading.strokes, chosen.clay.kneading.glaze]
from pathlib import Path
found["backend"] = Engines(Path("nowhere")).load("clay").id
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    root = tmp_path_factory.mktemp("source")
    for name in ("blender_img23d", "backend"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.onnx"))
    protocol = root / "blender_img23d" / "shared" / "img23d_protocol"
    (protocol / "options" / "clay.py").write_text(OPTIONS, encoding="utf-8")
    _register(protocol / "options" / "settings.py")
    folder = root / "backend" / "img23d_backend" / "engines" / "clay"
    folder.mkdir()
    (folder / "__init__.py").write_text(FOLDER, encoding="utf-8")
    (root / "look.py").write_text(BPY + LOOK, encoding="utf-8")
    path = os.pathsep.join(map(str, (root, root / "backend", root / "blender_img23d" / "shared")))
    done = subprocess.run([sys.executable, "look.py"], cwd=root, env={**os.environ, "PYTHONPATH": path}, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _register(path: Path) -> None:
    """The line of the engine, after the last engine's, and its import."""
    text = path.read_text(encoding="utf-8")
    last = "    triposg: TripoSG = field(default_factory=TripoSG)\n"
    imports = "from .cutout import CutOut\n"
    assert last in text and imports in text
    text = text.replace(last, last + "    clay: Clay = field(default_factory=Clay)\n")
    path.write_text(text.replace(imports, "from .clay import Clay\n" + imports), encoding="utf-8")


def test_blenders_properties(found: dict[str, Any]) -> None:
    kind, said = found["properties"]["kneading"]
    assert kind == "IntProperty" and said["name"] == "Kneading" and said["description"].startswith("How often")
    assert (said["default"], said["min"], said["max"], said["step"]) == (12, 1, 40, 2)
    kind, said = found["properties"]["glaze"]
    assert kind == "EnumProperty" and said["default"] == "matt"
    assert said["items"] == [["matt", "Matt", "Without a shine", 0], ["salt", "Salt", "With a shine", 1]]
    assert found["kept"] == ["kneading", "glaze"], "what the preferences keep for new scenes, and an artist's own presets"


def test_the_list_of_engines_ends_with_it(found: dict[str, Any]) -> None:
    assert found["engines"] == ["preview", "hunyuan3d", "cutout", "trellis", "light", "instantmesh", "triposg", "clay"], "Blender keeps the place in this list"


def test_the_checks(found: dict[str, Any]) -> None:
    assert found["refused"] == ["The number of kneadings must be 1 to 40, not 41.", "The glaze must be one of matt, salt, not “gold”."]


def test_a_request_there_and_back(found: dict[str, Any]) -> None:
    assert found["round trip"] and found["sent"] == {"kneading": {"strokes": 7, "glaze": "salt"}}


def test_the_record_and_the_panel_of_an_older_run(found: dict[str, Any]) -> None:
    assert found["words"] == [["Engine", "Clay"], ["Kneaded", "7"], ["Glaze", "Salt"], ["Texture", "1024 px"]]
    assert found["re-used"] == [7, "salt"]


def test_the_presets(found: dict[str, Any]) -> None:
    assert found["presets"] == [3, 12, 40]
    assert found["matching"] == ["best", "best", ""], "of no other engine's options does it depend which one is chosen"


def test_the_panels(found: dict[str, Any]) -> None:
    assert found["panel"]["clay shape"] == ["kneading", "quads"] and found["panel"]["clay texture"] == ["texture_size", "glaze"]
    assert "kneading" not in found["panel"]["preview shape"] and "glaze" not in found["panel"]["preview texture"]


def test_the_command_line(found: dict[str, Any]) -> None:
    assert "--kneading KNEADING" in found["help"] and "how often it is kneaded" in found["help"] and "--glaze {matt,salt}" in found["help"]
    assert "--engine hunyuan3d or cutout or trellis or light or instantmesh or triposg or clay" in " ".join(found["help"].split())
    assert found["command line"] == [5, "salt"]


def test_the_backend_puts_it_together(found: dict[str, Any]) -> None:
    assert found["backend"] == "clay"
