"""What is told before a run: where, with how much memory, how long, and the one thing to do where something is short."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_time_left import past_run

from blender_img23d.core.estimate.forecast import Basis, Forecast, forecast
from blender_img23d.core.estimate.situation import Situation
from blender_img23d.shared.img23d_protocol.messages import (
    USUAL,
    Action,
    DeviceInfo,
    EngineInfo,
    EnginePace,
    Generate,
    Level,
    Settings,
    Stage,
    Wanted,
    WeightsInfo,
    WeightsState,
)

GB = 10**9
CARD = DeviceInfo(
    id="gpu",
    label="NVIDIA GeForce RTX 3060",
    total_bytes=12 * GB,
    free_bytes=int(10.4 * GB),
    note="About 40 s an object with Hunyuan3D 2 mini (Turbo).",
)
PROCESSOR = DeviceInfo(id="cpu", label="Processor (8 threads)", total_bytes=32 * GB, free_bytes=24 * GB)
FINDER = WeightsInfo(id="qwen3-vl-2b", label="Qwen3-VL 2B", stage="locate", size_bytes=4_266_639_921, state=WeightsState.READY, memory_bytes=4_266_639_921)
CUTTER = WeightsInfo(id="birefnet-general", label="BiRefNet", stage="matte", size_bytes=444_000_000, state=WeightsState.READY)
ENGINE = EngineInfo(id="hunyuan3d", label="Hunyuan3D", ready=True)


def situation(*names: str, engine: str = "hunyuan3d", learned: Settings | None = None, **changes: object) -> Situation:
    """A machine with a card on which everything is set up."""
    request = Generate(
        job="j",
        photo="/p.png",
        run_folder="/r",
        engine=engine,
        wanted=tuple(Wanted(name=name) for name in names or ("cup", "book")),
        settings=learned or Settings(),
    )
    known = Situation(
        request=request,
        devices=(CARD, PROCESSOR),
        engines=(ENGINE, EngineInfo(id="preview", label="Preview", ready=True)),
        weights=(FINDER, CUTTER),
        free_disk=100 * GB,
    )
    return replace(known, **changes)


def first(known: Situation) -> Action:
    """What the panel's one button does."""
    findings = forecast(known).findings
    return findings[0].action if findings else Action.NONE


def with_free(free: float, **changes: object) -> Situation:
    return situation(devices=(replace(CARD, free_bytes=int(free * GB)), PROCESSOR), **changes)


def test_the_largest_stage_decides_how_much_memory_is_needed() -> None:
    told = forecast(situation())
    assert told.device == "NVIDIA GeForce RTX 3060" and not told.is_processor
    assert told.needed_bytes == pytest.approx(5.1 * GB, rel=0.01), "the finder's weights and its picture"
    assert told.free_bytes == int(10.4 * GB)
    assert [plan.stage for plan in told.stages] == list(USUAL)
    assert told.findings == ()


def test_without_runs_the_device_says_how_long() -> None:
    told = forecast(situation())
    assert (told.seconds, told.basis, told.is_from_past) == (None, Basis.DEVICE, False)
    assert told.note.startswith("About 40 s")


@pytest.mark.parametrize("engine", ["trellis", "cutout"])
def test_what_a_device_says_of_another_engine_is_not_told(engine: str) -> None:
    told = forecast(situation(engine=engine))
    assert (told.seconds, told.basis) == (None, Basis.NOTHING)


def test_past_runs_say_how_long_for_as_many_things() -> None:
    run = past_run(situation().request, 30.0, targets=2, locate=10.0, matte=2.0, shape=10.0, paint=8.0)
    told = forecast(situation("a", "b", "c", "d", past=[run]))
    assert told.is_from_past and told.basis is Basis.SAME_RUNS
    assert told.seconds == pytest.approx(50.0)
    assert forecast(situation(past=[run], learned=Settings.of(octree_resolution=384))).basis is Basis.SIMILAR_RUNS


def test_the_preview_engine_needs_nothing() -> None:
    told = forecast(situation(engine="preview", weights=(), engines=(), devices=()))
    assert told.is_processor and told.findings == () and told.basis is Basis.NOTHING
    assert not any(plan.is_learned for plan in told.stages)


def test_the_built_in_network_is_counted_where_it_is_used() -> None:
    def needed(settings: Settings, engine: str = "preview") -> list[int]:
        known = situation(engine=engine)
        return [plan.needed_bytes for plan in forecast(replace(known, request=replace(known.request, settings=settings))).stages]

    usual, light, fine = (needed(Settings.of(cutter=cutter)) for cutter in ("isnet", "light", "isnet-fine"))
    assert light[0] == light[1] < 0.3 * GB < 0.7 * GB < usual[0] == usual[1] < fine[0] == fine[1] < 1.2 * GB
    assert usual[2:] == light[2:] == fine[2:]
    assert needed(Settings.of(matter="preview"), "cutout")[1] == usual[1]
    little = situation(engine="preview", devices=(replace(PROCESSOR, free_bytes=GB // 2),))
    assert "close other programs" in forecast(little).findings[0].sentence


def test_before_a_backend_has_looked_nothing_is_claimed() -> None:
    told = forecast(situation(devices=(), engines=(), weights=()))
    assert (told.device, told.findings) == ("", ())


def test_a_stage_on_the_processor_counts_there() -> None:
    told = forecast(situation(learned=Settings.of(locate_device="cpu")))
    locate = told.stages[0]
    assert locate.device == PROCESSOR and locate.needed_bytes > 2 * 4_266_639_921
    assert told.device == CARD.label and told.needed_bytes < 4 * GB


def test_without_a_texture_nothing_is_painted() -> None:
    known = situation()
    known = replace(known, request=replace(known.request, settings=Settings.of(texture=False)))
    told = forecast(known)
    assert Stage.PAINT not in [plan.stage for plan in told.stages]
    assert told.disk_bytes < forecast(situation()).disk_bytes


def test_trellis_needs_for_painting_what_its_painter_does() -> None:
    def needed(**changes: object) -> int:
        plans = forecast(situation(engine="trellis", learned=Settings.of(**changes))).stages
        return next(plan.needed_bytes for plan in plans if plan.stage is Stage.PAINT)

    guided, turbo = needed(trellis_painter="hunyuan3d-paint"), needed(trellis_painter="hunyuan3d-paint-turbo")
    assert guided > turbo > 2 * GB, "the network that paints six views has 1.9 GB"
    assert needed(trellis_painter="splats") == needed(trellis_painter="preview") < 1 * GB
    assert needed(trellis_painter="hunyuan3d-paint", small_memory=True) == turbo, "without guidance's second half"


def test_an_engine_that_is_not_set_up() -> None:
    assert first(situation(is_environment_ready=False)) is Action.SET_UP
    broken = EngineInfo(id="hunyuan3d", label="Hunyuan3D", ready=False, note="hy3dgen is missing.")
    told = forecast(situation(engines=(broken,)))
    assert told.findings[0].action is Action.SET_UP and told.findings[0].sentence == "hy3dgen is missing."
    assert told.findings[0].level is Level.PROBLEM


@pytest.mark.parametrize(("ready", "level"), [(False, Level.PROBLEM), (True, Level.WARNING)])
def test_models_that_are_not_downloaded(ready: bool, level: Level) -> None:
    known = situation(engines=(replace(ENGINE, ready=ready),), missing=("Hunyuan3D Paint Turbo",), missing_bytes=4 * GB)
    finding = forecast(known).findings[0]
    assert (finding.action, finding.level) == (Action.DOWNLOAD, level)
    assert "Hunyuan3D Paint Turbo (4.0 GB)" in finding.sentence


def test_the_preview_engine_says_what_draws_its_views_is_missing() -> None:
    request = Generate(job="", photo="", run_folder="", engine="preview", settings=Settings.of(further_views="six"))
    known = situation(request=request, missing=("Zero123++ v1.2",), missing_bytes=2 * GB, is_environment_ready=False)
    (finding,) = forecast(known).findings
    assert (finding.action, finding.level) == (Action.NONE, Level.WARNING) and "Zero123++ v1.2 (2.0 GB)" in finding.sentence
    assert forecast(situation(request=request, is_environment_ready=False)).findings == ()


def test_memory_that_is_short_gets_one_way_out_after_the_other() -> None:
    assert first(with_free(5.2)) is Action.NONE
    assert first(with_free(4.0, holds_models=True)) is Action.FREE_MEMORY
    assert first(with_free(4.0)) is Action.SMALL_MEMORY
    frugal = Settings.of(small_memory=True)
    assert first(with_free(4.0, learned=frugal)) is Action.NONE, "which is what Small Memory is for"
    assert first(with_free(2.0, learned=frugal)) is Action.USE_PROCESSOR
    large = Settings.of(small_memory=True, matter="birefnet-hr")
    assert first(with_free(2.7, learned=large, can_lower=True)) is Action.LOWER_QUALITY
    assert first(with_free(2.7, learned=large, can_lower=False)) is Action.USE_PROCESSOR
    slow = situation(devices=(replace(PROCESSOR, free_bytes=2 * GB),))
    assert first(slow) is Action.USE_PREVIEW


def test_memory_that_nobody_knows_is_not_short() -> None:
    assert first(with_free(0.0)) is Action.NONE


def test_a_sentence_about_memory_has_its_numbers() -> None:
    (finding,) = forecast(with_free(4.0)).findings
    assert finding.sentence == "NVIDIA GeForce RTX 3060 has 4.0 GB of memory free and 5.1 GB are needed: it will be slower."
    assert finding.level is Level.WARNING


def test_a_chosen_card_that_is_not_there() -> None:
    assert first(situation(learned=Settings.of(shape_device="gpu:1"))) is Action.PREFERENCES


def test_a_full_disk() -> None:
    assert first(situation(free_disk=50_000_000)) is Action.CHOOSE_FOLDER
    assert first(situation(free_disk=None)) is Action.NONE
    many = situation(*(f"thing {number}" for number in range(200)))
    assert first(replace(many, free_disk=GB)) is Action.CHOOSE_FOLDER
    assert first(situation(free_disk=GB)) is Action.NONE


def test_the_worst_comes_first() -> None:
    levels = [finding.level for finding in forecast(with_free(4.0, free_disk=10)).findings]
    assert levels == [Level.PROBLEM, Level.WARNING]


def test_a_forecast_is_something_before_anything_is_known() -> None:
    assert Forecast().findings == ()


def test_another_machines_own_jobs_tell_how_long_it_takes() -> None:
    paces = (EnginePace(engine="preview", seconds=9.0, jobs=2), EnginePace(engine="hunyuan3d", seconds=21.0, jobs=4))
    told = forecast(situation("cup", "book", "lamp", paces=paces))
    assert told.seconds == 63.0 and told.basis is Basis.SIMILAR_RUNS
    assert forecast(situation("cup", paces=paces[:1])).seconds is None
