"""Draft, Balanced, Best as tables of settings."""

from __future__ import annotations

import struct
from types import SimpleNamespace

import pytest

from blender_img23d.core.presets import BALANCED, PRESETS, lower, matching, preset
from blender_img23d.shared.img23d_protocol.messages import Settings
from blender_img23d.shared.img23d_protocol.options.declare import check
from blender_img23d.shared.img23d_protocol.options.settings import ENGINES

ENGINE_IDS = [identifier for identifier, _, _ in ENGINES]


def values(name: str, **changes: object) -> SimpleNamespace:
    return SimpleNamespace(**{"engine": "preview", **preset(name).settings, **changes})


def as_settings(name: str) -> Settings:
    """What a request would carry."""
    return Settings.of(**preset(name).settings)


@pytest.mark.parametrize("one", PRESETS, ids=lambda one: one.name)
def test_a_preset_can_be_asked_for(one) -> None:
    settings = as_settings(one.name)
    check(settings)


def test_balanced_is_what_nothing_set_means() -> None:
    assert as_settings(BALANCED) == Settings()


@pytest.mark.parametrize("engine", ENGINE_IDS)
@pytest.mark.parametrize("one", PRESETS, ids=lambda one: one.name)
def test_a_preset_is_known_again_as_blender_keeps_it(one, engine: str) -> None:
    """In single precision."""
    kept = {name: struct.unpack("f", struct.pack("f", value))[0] for name, value in one.settings.items() if isinstance(value, float)}
    assert any(kept[name] != one.settings[name] for name in kept) or one.name != "draft", "or it would be no test"
    assert matching(values(one.name, engine=engine, **kept)) == one.name


@pytest.mark.parametrize("engine", ENGINE_IDS)
@pytest.mark.parametrize("one", PRESETS, ids=lambda one: one.name)
def test_a_preset_is_known_again_in_every_engine(one, engine: str) -> None:
    assert matching(values(one.name, engine=engine)) == one.name


def test_what_the_engine_does_not_look_at_does_not_count() -> None:
    changed = values("draft", octree_resolution=100)
    assert matching(changed) == "draft"
    changed.engine = "hunyuan3d"
    assert matching(changed) == ""
    assert matching(values("draft", faces=7_777)) == ""
    assert matching(values("draft", faces=7_777, engine="hunyuan3d")) == "draft"
    assert matching(values("best", matter="birefnet-lite", engine="cutout")) == ""
    assert matching(values("best", cutter="light")) == ""
    assert matching(values("best", cutter="light", engine="cutout")) == "best"


def test_draft_needs_no_network_and_best_looks_twice() -> None:
    assert [as_settings(one.name).preview.cut_outs.cutter for one in PRESETS] == ["light", "isnet", "isnet-fine"]


def test_each_step_down_is_less() -> None:
    assert (lower("best"), lower("balanced"), lower("draft")) == ("balanced", "draft", "")
    assert lower("") == "draft"  # settings of one's own
    costs = [as_settings(one.name) for one in PRESETS]
    for less, more in zip(costs, costs[1:], strict=False):
        assert less.preview.outlines.faces < more.preview.outlines.faces and less.common.texture_size <= more.common.texture_size
        assert less.hunyuan3d.shape.octree_resolution < more.hunyuan3d.shape.octree_resolution and less.hunyuan3d.shape.faces < more.hunyuan3d.shape.faces


def test_there_is_no_other() -> None:
    with pytest.raises(KeyError):
        preset("ultra")
