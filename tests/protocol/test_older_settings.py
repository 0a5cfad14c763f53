"""What versions with protocol 7 wrote. The files in older/ were written by such a version, and not by the code that reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blender_img23d.core.runs.history import read_run
from blender_img23d.core.runs.recipe import recipe_of_tags
from blender_img23d.shared.img23d_protocol import ProtocolError, decode
from blender_img23d.shared.img23d_protocol.codec import build, revive
from blender_img23d.shared.img23d_protocol.messages import Generate, Nameless, Settings, ShapeKind, StageDevices

OLDER = Path(__file__).parent / "older"
MESSAGE = (OLDER / "generate_of_protocol_7.json").read_text(encoding="utf-8")
RUN = (OLDER / "run_of_protocol_7.json").read_text(encoding="utf-8")


def test_a_message_says_all_that_it_said() -> None:
    request = decode(MESSAGE)
    assert isinstance(request, Generate) and request.engine == "hunyuan3d" and request.wanted[0].name == "red mug"
    settings = request.settings
    assert (settings.common.texture, settings.common.texture_size, settings.common.quads) == (False, 2048, True)
    outlines, cut_outs = settings.preview.outlines, settings.preview.cut_outs
    assert (outlines.faces, outlines.shape, outlines.thickness) == (4321, ShapeKind.REVOLVE, 0.7)
    assert (cut_outs.cutter, cut_outs.nameless) == ("light", Nameless.EACH)
    _check_learned(settings)
    assert settings.machine.devices == StageDevices(locate="cpu", matte="gpu", shape="gpu:1", paint="cpu")


def _check_learned(settings: Settings) -> None:
    shape, paint = settings.hunyuan3d.shape, settings.hunyuan3d.paint
    assert (settings.search.grounder, settings.matte.matter) == ("qwen3-vl-4b", "birefnet-hr")
    assert (shape.shape_model, shape.speed, shape.steps, shape.guidance) == ("hunyuan3d-2", "standard", 17, 6.5)
    assert (shape.octree_resolution, shape.faces) == (320, 77000)
    assert (paint.painter, paint.paint_steps, paint.paint_guidance) == ("hunyuan3d-paint-turbo", 9, 2.5)
    assert (paint.match_positions, paint.delight, settings.machine.small_memory) == (False, False, True)


def test_every_setting_of_the_older_form_is_read() -> None:
    """Each value in the message differs from its default, so that one which was not read would show."""
    old = json.loads(MESSAGE)["settings"]
    assert build(Settings, old) != Settings()
    for name in [name for name in old if name != "learned"]:
        assert build(Settings, {name: old[name]}) != Settings(), name
    for name in old["learned"]:
        assert build(Settings, {"learned": {name: old["learned"][name]}}) != Settings(), name


def test_a_run_in_the_list_of_past_ones(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(RUN, encoding="utf-8")
    job = read_run(tmp_path)
    assert isinstance(job.request, Generate)
    settings = job.request.settings
    assert (settings.preview.outlines.faces, settings.preview.outlines.shape, settings.common.texture_size) == (900, ShapeKind.REVOLVE, 2048)
    assert settings.machine.devices == StageDevices(locate="cpu", matte="cpu", shape="cpu", paint="gpu")
    _check_learned(settings)


def test_an_object_in_an_older_blend() -> None:
    text = json.dumps(json.loads(MESSAGE)["settings"])
    _check_learned(recipe_of_tags({"img23d_settings": text}).settings)


@pytest.mark.parametrize("learned", [None, 7, [], {"faces": "many", "steps": 3}, {"devices": 4, "steps": 3}])
def test_what_does_not_fit_takes_its_default(learned: Any) -> None:
    data = {"texture_size": 4096, "learned": learned}
    settings = revive(Settings, data)
    assert settings.common.texture_size == 4096 and settings.hunyuan3d.shape.faces == 40_000
    assert settings.hunyuan3d.shape.steps == (3 if isinstance(learned, dict) else 0)


def test_a_strict_reader_refuses_it() -> None:
    with pytest.raises(ProtocolError):
        build(Settings, {"learned": {"faces": "many"}})
