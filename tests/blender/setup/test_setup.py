"""The AI models' panel and its buttons: what is drawn in each state, and what each press leads to."""

from __future__ import annotations

import bpy
import pytest
from conftest import PACKAGE, part
from drawing import drawn
from setup_stage import INSTANTMESH, TENCENT, SetupStage


@pytest.fixture
def machine(owner):
    """The preferences, as they were before afterwards."""
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    online = bpy.context.preferences.system.use_online_access
    bpy.context.preferences.system.use_online_access = True
    yield preferences
    bpy.context.preferences.system.use_online_access = online
    for name in preferences.bl_rna.properties.keys():
        if name in type(preferences).__annotations__:
            preferences.property_unset(name)


@pytest.fixture
def stage(owner, machine, monkeypatch, as_with_a_window):
    stage = SetupStage(owner, monkeypatch)
    yield stage
    stage.close()


def panel():
    return drawn(part("panels.tab").IMG23D_PT_models)


def refusal(operator, **properties) -> str:
    with pytest.raises(RuntimeError) as caught:
        operator(**properties)
    return str(caught.value)


def test_offline_nothing_can_be_downloaded_and_the_panel_says_why(stage, machine):
    machine.accept(TENCENT)
    bpy.context.preferences.system.use_online_access = False
    stage.tick()
    assert "online access" in refusal(bpy.ops.img23d.setup)
    assert "online access" in refusal(bpy.ops.img23d.download_weights, weights="birefnet-lite")
    assert not stage.links
    shown = panel()
    assert "Allow Online Access" in shown.said and shown.pressed("screen.userpref_show") == [{"section": "SYSTEM"}]
    assert not shown.pressed("img23d.setup")


def test_nothing_of_tencents_before_the_answer(stage, machine):
    stage.tick()
    shown = panel()
    assert "European Union, the United Kingdom and South Korea" in shown.said
    assert shown.pressed("wm.url_open")[0]["url"].startswith("https://")
    assert "May be used everywhere" in shown.said
    assert shown.pressed("img23d.setup") == [{"engine": "trellis"}, {"engine": "cutout"}]
    assert "licence" in refusal(bpy.ops.img23d.setup)
    assert "licence" in refusal(bpy.ops.img23d.download_weights, weights="hunyuan3d-2-turbo")
    assert not stage.links
    stage.press(bpy.ops.img23d.accept_licence)
    stage.tick()
    assert TENCENT in machine.accepted and panel().pressed("img23d.setup") == [{}]
    stage.press(bpy.ops.img23d.withdraw_licence)
    stage.tick()
    assert TENCENT not in machine.accepted and not bpy.ops.img23d.withdraw_licence.poll()
    assert panel().pressed("img23d.accept_licence")


def test_nothing_of_instantmesh_before_its_answer(stage, machine):
    machine.setup_engine = "instantmesh"
    stage.tick()
    shown = panel()
    assert "non-commercial" in shown.said and shown.pressed("img23d.accept_licence") == [{"licence": INSTANTMESH}]
    assert "licence" in refusal(bpy.ops.img23d.setup) and not stage.links
    stage.press(bpy.ops.img23d.accept_licence, licence=INSTANTMESH)
    assert machine.accepted == (INSTANTMESH,) and machine.setup_engine == "instantmesh"
    stage.press(bpy.ops.img23d.setup)
    (request,) = stage.links["installer"].said
    assert request.licences == (INSTANTMESH,)
    stage.finish("installer")
    (request,) = stage.links["weights"].said
    assert request.sets == (*CUT_OUTS, "instantmesh-mesh-large", "instantmesh-views", "zero123plus")
    assert "no licence called" in refusal(bpy.ops.img23d.accept_licence, licence="another")


def test_a_splitters_licence_is_asked_about_at_its_models(stage, machine):
    """Its answer changes nothing of which engine is set up."""
    machine.setup_engine = "trellis"
    info = stage.messages.WeightsInfo(
        id="autopartgen-2048", label="AutoPartGen 2048", stage="split", size_bytes=6_300_000_000, state=stage.messages.WeightsState.MISSING,
        must_accept=AUTOPARTGEN, licence="FAIR Noncommercial Research License v1", licence_link="https://example.org",
    )  # fmt: skip
    stage.tell(weights=(info,))
    stage.tick()
    shown = panel()
    assert "non-commercial research only" in shown.said and shown.pressed("img23d.accept_licence") == [{"licence": AUTOPARTGEN}]
    assert "licence" in refusal(bpy.ops.img23d.download_weights, weights="autopartgen-2048")
    stage.press(bpy.ops.img23d.accept_licence, licence=AUTOPARTGEN)
    assert machine.accepted == (AUTOPARTGEN,) and machine.setup_engine == "trellis"
    assert not panel().pressed("img23d.accept_licence")
    stage.press(bpy.ops.img23d.withdraw_licence, licence=AUTOPARTGEN)
    assert machine.accepted == () and machine.setup_engine == "trellis"


AUTOPARTGEN = "autopartgen-fair-noncommercial-1"
CUT_OUTS = ("qwen3-vl-2b", "birefnet-general", "depth-anything-v2-metric-small")


FREE = {
    "trellis": (*CUT_OUTS, "trellis-image-large", "dinov2-with-registers-large"),
    "cutout": CUT_OUTS,
    "triposg": (*CUT_OUTS, "triposg"),
    "light": ("llmdet-tiny", "birefnet-lite", "depth-anything-v2-metric-small", "triposr"),
}


@pytest.mark.parametrize(("engine", "sets"), FREE.items())
def test_without_hunyuan3d(stage, machine, engine, sets):
    stage.press(bpy.ops.img23d.setup, engine=engine)
    (request,) = stage.links["installer"].said
    assert request.licences == ()
    stage.finish("installer")
    (request,) = stage.links["weights"].said
    assert request.sets == sets
    stage.finish("weights")
    shown = panel()
    assert machine.setup_engine == engine and not shown.pressed("img23d.accept_licence"), "it is not asked again"
    assert shown.pressed("img23d.setup") == [{}]
    machine.setup_engine = "hunyuan3d"
    stage.tick()
    assert panel().pressed("img23d.accept_licence"), "who chooses it is asked"


@pytest.mark.parametrize(("gigabytes", "first"), [(0, "light"), (4, "light"), (12, "")])
def test_the_light_set_is_one_press_where_no_card_is_large_enough(stage, machine, gigabytes, first):
    """Said and offered before anything else; who has a large card is offered what is chosen only."""
    machine.setup_engine = "trellis"
    device = stage.messages.DeviceInfo
    cards = (device(id="seen", label="Small Card", total_bytes=gigabytes * 2**30),) if gigabytes else ()
    stage.tell(weights=stage.weights("MISSING"), devices=(device(id="cpu", label="Processor"),), cards=cards)
    stage.tick()
    shown = panel()
    assert ("Recommended for this machine: Light." in shown.said) is bool(first)
    assert shown.pressed("img23d.setup") == ([{"engine": first}, {}] if first else [{}])
    if first:
        stage.press(bpy.ops.img23d.setup, engine=first)
        assert machine.setup_engine == "light" and len(stage.links["installer"].said) == 1


def test_an_engine_without_models_is_refused(stage, machine):
    before = machine.setup_engine
    assert "no models to download for “preview”" in refusal(bpy.ops.img23d.setup, engine="preview")
    assert not stage.links and machine.setup_engine == before


def test_one_press_from_nothing_to_ready(stage, machine, tmp_path):
    machine.accept(TENCENT)
    machine.environment_folder, machine.models_folder = str(tmp_path / "env"), str(tmp_path / "models")
    stage.tell(weights=stage.weights("MISSING"))
    shown = panel()
    assert "about 19.1 GB of models" in shown.said and "PyTorch" in shown.said
    stage.press(bpy.ops.img23d.setup)
    assert not bpy.ops.img23d.setup.poll() and not bpy.ops.img23d.delete_weights.poll()
    assert "Starting" in panel().said
    (request,) = stage.links["installer"].said
    assert (request.uv, request.folder, request.online, request.licences) == ("/uv", "/somewhere", True, (TENCENT,))
    m = stage.messages
    stage.say("installer", m.SetupProgress(job=request.job, step=m.SetupStep.TORCH, fraction=0.4, note="Fetching PyTorch"))
    shown = panel()
    assert "PyTorch (part 1 of 2) 40%" in shown.said and shown.pressed("img23d.cancel_setup")
    stage.finish("installer")
    (request,) = stage.links["weights"].said
    assert request.sets == (
        "qwen3-vl-2b",
        "birefnet-general",
        "depth-anything-v2-metric-small",
        "hunyuan3d-2mini-turbo",
        "hunyuan3d-delight",
        "hunyuan3d-paint",
    )
    loading = m.SetupProgress(
        job=request.job, step=m.SetupStep.DOWNLOAD, fraction=0.5, done_bytes=4_500_000_000, total_bytes=9_000_000_000,
        bytes_per_second=25e6,
    )  # fmt: skip
    stage.say("weights", loading)
    shown = panel()
    assert "4.5 GB of 9.0 GB" in shown.said and "25.0 MB/s, about 3 min left" in shown.said
    stage.environment = stage.environment_of("READY")
    stage.finish("weights")
    engine = m.EngineInfo(id="hunyuan3d", label="Hunyuan3D", ready=True)
    stage.say("main", m.Status(weights=stage.weights("READY"), engines=(engine,)))
    shown = panel()
    assert "Use Hunyuan3D" in shown.said
    assert "The environment is ready." in shown.said and "All chosen models are ready." in shown.said
    assert not shown.pressed("img23d.setup")


def test_a_driver_that_is_too_old_comes_with_its_makers_page(stage, machine, monkeypatch):
    machine.accept(TENCENT)
    stage.press(bpy.ops.img23d.setup)
    stage.tick()
    (request,) = stage.links["installer"].said
    sentence = "The NVIDIA GeForce RTX 5060 needs NVIDIA's driver 580 or newer, and 572.83 is installed: update the driver first."
    stage.say("installer", stage.messages.Failed(job=request.job, code="driver_too_old", sentence=sentence))
    shown = panel()
    assert "update the driver first" in shown.said and shown.pressed("img23d.fix") == [{"action": "update_driver"}]
    opened = []
    monkeypatch.setitem(part("operators.forecast")._FIXES, "update_driver", lambda context: opened.append(1) or {"FINISHED"})
    assert bpy.ops.img23d.fix(action="update_driver") == {"FINISHED"} and opened
    assert part("operators.forecast")._DRIVERS.startswith("https://www.nvidia.com/")


def test_cancel_and_failure_are_shown(stage, machine):
    machine.accept(TENCENT)
    stage.press(bpy.ops.img23d.setup)
    stage.tick()
    stage.press(bpy.ops.img23d.cancel_setup)
    assert "Cancelling..." in panel().said
    (request, _) = stage.links["installer"].said
    stage.say("installer", stage.messages.Cancelled(job=request.job))
    assert panel().pressed("img23d.setup") == [{}] and not bpy.ops.img23d.cancel_setup.poll()
    stage.press(bpy.ops.img23d.setup)
    stage.tick()
    (request,) = stage.links["installer"].said
    sentence = "There is not enough room on the disk: free 3 GB, or choose another folder."
    other = stage.messages.Notice(job=request.job, sentence="The build for the processor was taken.")
    stage.say("installer", other, stage.messages.Failed(job=request.job, code="disk_full", sentence=sentence))
    assert other.sentence in panel().said
    shown = panel()
    report = part("app.report").report_text(stage.owner, None)
    assert "free 3 GB" in report and "Environment: missing, /somewhere" in report
    assert "free 3 GB" in shown.said and shown.pressed("img23d.setup") == [{}]


@pytest.mark.parametrize("weights", [None, "MISSING", "PARTIAL", "READY", "DAMAGED"])
def test_every_state_can_be_drawn(stage, machine, weights):
    if weights:
        m = stage.messages
        devices = (
            m.DeviceInfo(id="gpu", label="A card", total_bytes=12 * 2**30, note="About 5 s an object."),
            m.DeviceInfo(id="cpu", label="Processor"),
        )
        engines = tuple(m.EngineInfo(id=name, label=name, ready=True) for name in ("hunyuan3d", "cutout", "trellis"))
        stage.tell(weights=stage.weights(weights, note="A note."), devices=devices, engines=engines)
    for accepts in (False, True):
        machine.accept(TENCENT, answer=accepts)
        for state in ("MISSING", "PARTIAL", "OUTDATED", "READY", "CHOSEN", "BROKEN"):
            stage.environment = stage.environment_of(state)
            stage.tick()
            shown = panel()
            assert ("A card, 12 GB. About 5 s an object." in shown.said) == bool(weights)
            is_complete = state in ("READY", "CHOSEN") and weights == "READY"
            assert bool(shown.pressed("img23d.setup")) != is_complete
    rows = bpy.context.window_manager.img23d.weights
    assert len(rows) == (8 if weights else 0)
    for row in rows:
        line = drawn_row(row)
        known = {info.label for info in stage.owner.session.weights}
        assert line.texts[0] in known and line.texts[1].endswith("B")


@pytest.mark.parametrize("is_chosen", [True, False])
@pytest.mark.parametrize("state", ["missing", "partial", "ready", "damaged"])
def test_the_size_of_a_model_is_not_cut_off(stage, state, is_chosen):
    """Seen in real 5.2, where 31 letters fit: “Not download...B, not chosen”."""
    info = stage.messages.WeightsInfo(id="x", label="Qwen3-VL 8B", stage="locate", size_bytes=17_500_000_000, state=state)
    text = part("panels.models.models")._short_state(info, is_chosen)
    assert text.endswith(", 17.5 GB") and len(text) < 28


def drawn_row(row):
    from drawing import Layout

    layout = Layout()
    part("panels.tab").IMG23D_UL_weights.draw_item(None, bpy.context, layout, None, row, 0, None, "")
    return layout


def test_the_licence_accepted_after_the_set_up(stage, machine):
    """The environment was made without Tencent's networks: their weights alone make no engine ready."""
    stage.environment = stage.environment_of("READY")
    machine.accept(TENCENT)
    lacking = stage.messages.EngineInfo(id="hunyuan3d", label="Hunyuan3D", ready=False, note="Press Set Up AI Models.")
    stage.tell(weights=stage.weights("READY"), engines=(lacking,))
    assert panel().pressed("img23d.setup") == [{}]
    stage.press(bpy.ops.img23d.setup)
    (request,) = stage.links["installer"].said
    assert request.licences == (TENCENT,)


def test_the_buttons_of_the_list(stage, machine):
    stage.environment = stage.environment_of("READY")
    stage.tell(weights=stage.weights("READY"))
    bpy.context.window_manager.img23d.active_weights = 1
    shown = panel()
    assert shown.pressed("img23d.verify_weights") == [{"weights": "birefnet-general"}]
    stage.press(bpy.ops.img23d.verify_weights, weights="birefnet-general")
    stage.tick()
    (request,) = stage.links["weights"].said
    assert type(request).__name__ == "VerifyWeights" and request.sets == ("birefnet-general",)
    stage.finish("weights")
    stage.tick()
    main = stage.links["main"]
    stage.press(bpy.ops.img23d.delete_weights, weights="birefnet-general")
    assert stage.owner.session.state.name == "OFF", "Windows deletes no file that a backend has open"
    (request,) = stage.links["weights"].said
    assert type(request).__name__ == "DeleteWeights"
    stage.finish("weights")
    assert stage.links["main"] is not main
    stage.press(bpy.ops.img23d.download_weights, weights="birefnet-lite")
    stage.tick()
    (request,) = stage.links["weights"].said
    assert request.sets == ("birefnet-lite",) and request.online


def test_what_lies_in_another_programs_cache_is_said_and_not_deleted(stage):
    stage.tell(weights=stage.weights("READY", is_borrowed=True))
    assert "in another program's cache" in panel().said


def test_the_first_look_at_the_panel_asks_what_there_is(stage, monkeypatch):
    monkeypatch.setattr(stage.owner.models, "_was_asked", False)
    monkeypatch.setattr(stage.owner.models, "_is_wanted", False)
    stage.tick()
    assert "main" not in stage.links
    panel()
    stage.tick()
    assert "main" in stage.links


def test_in_background_mode_the_button_returns_at_the_end(owner, machine, monkeypatch):
    stage = SetupStage(owner, monkeypatch)
    machine.accept(TENCENT)
    answered = []

    def answer(seconds: float) -> None:
        for link in list(stage.links.values()):
            for message in link.said:
                if getattr(message, "job", "") and message.job not in answered:
                    answered.append(message.job)
                    link.say(stage.messages.Finished(job=message.job, made=1, failed=0, seconds=0.0))

    monkeypatch.setattr(part("app.pump").time, "sleep", answer)
    assert bpy.ops.img23d.setup() == {"FINISHED"}
    assert len(answered) == 2 and not owner.setup.is_running


def test_preferences_can_be_drawn(machine):
    for accepts in (False, True):
        machine.accept(TENCENT, answer=accepts)
        shown = drawn(_WithLayout(machine))
        assert {"models_folder", "environment_folder", "chosen_python", "torch_build"} <= set(shown.properties)
        assert {"idle_minutes", "small_memory", "free_before_render", "shape_device", "paint_device"} <= set(shown.properties)
        assert {"runs_folder", "textures"} <= set(shown.properties)
        assert bool(shown.pressed("img23d.withdraw_licence")) == accepts


class _WithLayout:
    """Draws the preferences into a layout of the test's."""

    def __init__(self, preferences) -> None:
        self._preferences = preferences

    def draw(self, layout, context) -> None:
        module = part("properties.preferences")
        for section in ("results", "models", "computing", "memory", "licence"):
            getattr(module, f"_draw_{section}")(layout, self._preferences)


def test_folders_are_absolute_and_the_variable_goes_before_the_preference(machine, monkeypatch, tmp_path):
    folders = part("scene.file.folders")
    context = bpy.context
    assert folders.models_folder(context).is_absolute() and folders.environment_folder(context).is_absolute()
    assert folders.models_folder(context) != folders.environment_folder(context)
    monkeypatch.delenv("IMG23D_PYTHON", raising=False)
    assert folders.chosen_python(context) is None
    machine.chosen_python = str(tmp_path / "mine")
    assert folders.chosen_python(context) == tmp_path / "mine"
    monkeypatch.setenv("IMG23D_PYTHON", str(tmp_path / "studio"))
    assert folders.chosen_python(context) == tmp_path / "studio"
