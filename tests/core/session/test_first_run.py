"""What somebody reads who has just installed it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blender_img23d.core.session.first_run import bytes_to_download, download, is_first_run, machine, recommended
from blender_img23d.shared.img23d_protocol.choices import TENCENT_LICENCE
from blender_img23d.shared.img23d_protocol.messages import DeviceInfo, EngineInfo
from blender_img23d.shared.img23d_protocol.options.settings import SET_UP, engine_named

PROCESSOR = DeviceInfo(id="cpu", label="Processor (8 threads)", total_bytes=32 * 2**30)


def card(gigabytes: float, label: str = "NVIDIA GeForce RTX 3060", kind: str = "gpu") -> DeviceInfo:
    return DeviceInfo(id=kind, label=label, total_bytes=int(gigabytes * 2**30))


def said(devices, cards=()) -> str:
    sentence = machine(devices, cards)
    return sentence.text.format(**sentence.values)


@pytest.mark.parametrize(
    ("gigabytes", "words"),
    [(12, "can run them"), (5.8, "(6 GB) can run them"), (4, "has 4 GB: enough for the set Light"), (2, "only 2 GB: choose the set Light")],
)
def test_a_card_is_judged_by_its_memory(gigabytes, words):
    sentence = said((card(gigabytes), PROCESSOR))
    assert sentence.startswith("Your NVIDIA GeForce RTX 3060") and words in sentence


def test_a_card_that_was_tried_counts_and_else_the_largest_that_was_seen():
    assert "(8 GB)" in said((card(8), PROCESSOR), (card(24, "AMD graphics card", "seen"),))
    assert "AMD graphics card (24 GB)" in said((PROCESSOR,), (card(2, kind="seen"), card(24, "AMD graphics card", "seen")))


def test_without_a_card_it_is_the_processor_and_before_anything_is_known_nothing_is_said():
    assert "Without a graphics card" in said((PROCESSOR,))
    assert machine((), ()) is None


def test_what_is_to_be_downloaded_is_what_is_recommended():
    missing = {"light": 2_700_000_000, "hunyuan3d": 15_200_000_000}
    sizes = [bytes_to_download(recommended((*cards, PROCESSOR), (), ()), missing, 15_200_000_000) for cards in ((), (card(12),))]
    assert sizes == [2_700_000_000, 15_200_000_000]


def test_the_download_names_pytorch_only_where_it_is_missing():
    with_it, without = (download("15.2 GB", needs_environment=needs) for needs in (True, False))
    assert "15.2 GB" in without.text.format(**without.values) and "PyTorch" not in without.text
    assert "PyTorch" in with_it.text


def test_it_is_over_as_soon_as_a_learned_engine_is_ready_or_chosen():
    preview, learned = (EngineInfo(id=name, label=name, ready=True) for name in ("preview", "hunyuan3d"))
    missing = EngineInfo(id="hunyuan3d", label="Hunyuan3D", ready=False)
    assert is_first_run("preview", (preview, missing)) and is_first_run("preview", ())
    assert not is_first_run("preview", (preview, learned)) and not is_first_run("hunyuan3d", (preview, missing))


@pytest.mark.parametrize(
    ("devices", "cards", "engine"),
    [
        ((), (), None),
        ((PROCESSOR,), (), "light"),
        ((card(4), PROCESSOR), (), "light"),
        ((card(5.8), PROCESSOR), (), "trellis"),
        ((PROCESSOR,), (card(4, kind="seen"),), "light"),
        ((PROCESSOR,), (card(12, kind="seen"),), "trellis"),
        ((card(4), PROCESSOR), (card(12, kind="seen"),), "light"),
    ],
)
def test_a_light_engine_is_recommended_where_no_card_is_large_enough(devices, cards, engine):
    light = replace(engine_named("cutout"), id="light", is_light=True)
    chosen = recommended(devices, cards, (), (*SET_UP, light))
    assert (None if chosen is None else chosen.id) == engine


def test_the_recommended_full_engine_is_the_one_whose_licence_is_accepted():
    devices = (card(12), PROCESSOR)
    assert [recommended(devices, (), licences).id for licences in ((), (TENCENT_LICENCE,))] == ["trellis", "hunyuan3d"]
