"""What the panel says before a run and during it, and that one thing or all of them can be stopped at once."""

from __future__ import annotations

from types import SimpleNamespace

import bpy
import pytest
from conftest import part
from drawing import Layout, drawn
from scripted import Rehearsal
from test_in_the_middle import glbs as glbs  # a fixture


@pytest.fixture
def run(owner, values, photo, as_with_a_window, monkeypatch):
    """A run of three names, located; the test says what comes next."""
    rehearsal = Rehearsal(owner, monkeypatch)
    rehearsal.owner.running.look_seconds = 0.0
    values.photo, values.names = str(photo), "cup, bowl, lamp"
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    rehearsal.tick()
    rehearsal.locate("cup", "bowl", "lamp")
    return rehearsal


def while_running(owner) -> Layout:
    """The place below Generate, and the list of what is being made."""
    layout = status(owner)
    if owner.session.active is not None:
        results = drawn(part("panels.tab").IMG23D_PT_results)
        layout.texts += results.texts
        layout.buttons += results.buttons
        for index, _target in enumerate(owner.session.active.targets):
            line(layout, owner, index)
    return layout


def line(layout: Layout, owner, index: int) -> None:
    job = owner.session.active
    layout.texts.append(job.targets[index].name)
    part("panels.results.results")._draw_state(layout, SimpleNamespace(region=None), owner, job, job.targets[index], index)


def status(owner) -> Layout:
    def draw(layout, context):
        part("panels.sidebar.status").draw_status(layout, context, owner, context.scene.img23d)

    return drawn(SimpleNamespace(draw=draw))


before = status


def tell(run, stage: str, target: int, fraction: float, note: str = "") -> None:
    m = run.messages
    run.link.say(m.Progress(job=run.job.id, stage=m.Stage(stage), target=target, fraction=fraction, note=note))
    run.tick(1)


# --- during ---------------------------------------------------------------------------------------------------------


def test_the_stage_is_told_in_words_and_numbers(run):
    tell(run, "matte", 0, 0.5)
    assert "Cutting out 1 of 3" in while_running(run.owner).said
    for index in range(3):
        tell(run, "matte", index, 1.0)
    tell(run, "shape", 0, 1.0)
    tell(run, "shape", 1, 0.5, "Step 3 of 5")
    said = while_running(run.owner).said
    assert "Shaping 2 of 3" in said and "Step 3 of 5" in said
    assert "cup Waiting bowl Shaping lamp Waiting" in said
    assert "estimating" in said or "left" in said


def test_a_note_that_is_only_the_stages_name_is_not_said_below_it(run):
    for note in ("Painting", "Painting from the left"):
        tell(run, "paint", 0, 0.5, note)
        assert ("Painting" in status(run.owner).texts) is False and ("from the left" in status(run.owner).said) is (note != "Painting")


def test_each_thing_can_be_stopped_and_all_of_them(run):
    layout = while_running(run.owner)
    assert [button["index"] for button in layout.pressed("img23d.cancel_target")] == [0, 1, 2]
    assert "Cancel All" not in layout.texts, "texts are labels and bars"
    assert layout.pressed("img23d.cancel") == [{}]


def test_a_backend_that_does_not_answer_is_said_and_can_be_ended(run, glbs):
    run.mesh(0, glbs[0], textured=False)
    assert "has not answered" not in while_running(run.owner).said and not bpy.ops.img23d.end_backend.poll()
    clock = [run.owner.session._heartbeat._silence._seen]
    run.owner.session._heartbeat._silence._clock = lambda: clock[0]
    for _ in range(12):
        clock[0] += 1.0
        run.tick(1)
    layout = while_running(run.owner)
    assert "has not answered for 12 s" in layout.said and layout.pressed("img23d.end_backend") == [{}]
    assert run.link.said[-1] == run.messages.Ping()
    assert bpy.ops.img23d.end_backend() == {"FINISHED"}
    run.tick()
    assert run.job.state == "failed" and "did not answer" in run.job.error
    assert sorted(bpy.data.objects.keys()) == ["cup"] and run.owner.session.active is None


def test_one_is_stopped_at_once_and_the_others_go_on(run, glbs):
    job = run.job
    assert bpy.ops.img23d.cancel_target(job=job.id, index=1) == {"FINISHED"}
    assert job.targets[1].is_cancelled and run.link.said[-1] == run.messages.Cancel(job=job.id, target=1)
    assert "bowl Stopped" in while_running(run.owner).said
    run.mesh(1, glbs[0], textured=False)  # it was on its way
    run.mesh(0, glbs[0], textured=False)
    assert sorted(bpy.data.objects.keys()) == ["cup"]
    assert bpy.ops.img23d.cancel_target(job=job.id, index=1) == {"CANCELLED"}


def test_a_cancel_frees_the_panel_at_once_and_keeps_what_is_there(run, glbs):
    run.mesh(0, glbs[0], textured=False)
    job = run.job
    assert bpy.ops.img23d.cancel() == {"FINISHED"}
    assert job.state.name == "CANCELLED" and bpy.ops.img23d.generate.poll()
    assert not while_running(run.owner).pressed("img23d.cancel")
    run.mesh(1, glbs[0], textured=False)
    assert sorted(bpy.data.objects.keys()) == ["cup"], "nothing arrives after a cancel"
    assert "Generate again" not in while_running(run.owner).said


def test_the_next_run_waits_until_the_backend_has_let_go(run, glbs):
    first = run.job
    bpy.ops.img23d.cancel()
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    run.tick()
    assert run.job is not first and run.job.state.name == "WAITING"
    assert "Waiting for the job before to stop" in while_running(run.owner).said
    run.link.say(run.messages.Cancelled(job=first.id))
    run.tick()
    assert run.job.state.name == "RUNNING"


def test_two_hundred_things_need_no_two_hundred_rows(run):
    m = run.messages
    box = m.Box(left=0.1, top=0.1, right=0.2, bottom=0.2)
    targets = tuple(m.LocatedTarget(name=f"thing {index}", box=box) for index in range(200))
    run.link.say(m.Located(job=run.job.id, targets=targets, photo_width=100, photo_height=100))
    for index in range(120):
        run.link.say(m.Progress(job=run.job.id, stage=m.Stage.MATTE, target=index, fraction=1.0))
    tell(run, "matte", 120, 0.5)
    layout = status(run.owner)
    assert "Cutting out 121 of 200" in layout.said and layout.pressed("img23d.cancel_target") == []


def test_the_newest_picture_that_is_read_is_the_one_that_is_shown(run, monkeypatch):
    m, read = run.messages, {run.job.file("cut.png")}
    monkeypatch.setattr(run.owner.thumbnails, "icon", lambda path: int(path in read))
    run.link.say(m.CutoutReady(job=run.job.id, target=0, file="cut.png"))
    run.tick(1)
    assert run.owner.running.picture == run.job.file("cut.png")
    run.link.say(m.PreviewReady(job=run.job.id, target=0, stage=m.Stage.SHAPE, file="clay.png"))
    run.tick(1)
    assert run.owner.running.picture == run.job.file("cut.png")  # nothing jumps while Blender reads the new one
    read.add(run.job.file("clay.png"))
    run.tick(1)
    assert run.owner.running.picture == run.job.file("clay.png")
    run.finish()
    run.tick(1)
    assert run.owner.running.picture == ""


def test_a_menu_stops_one_without_the_mouse(run):
    listed = []
    layout = SimpleNamespace(operator=lambda name, **more: listed.append(more["text"]) or SimpleNamespace())
    part("panels.menus").IMG23D_MT_cancel_target.draw(SimpleNamespace(layout=layout), bpy.context)
    assert listed == ["cup", "bowl", "lamp"]


# --- before ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def machine(owner, values, photo, monkeypatch):
    """A machine with a card on which everything is set up; the test says how much of it is free."""
    rehearsal = Rehearsal(owner, monkeypatch)
    monkeypatch.setattr(owner.models, "view", part("app.models").ModelsView())
    monkeypatch.setattr(owner.models, "want", lambda: None)
    values.photo, values.names, values.engine = str(photo), "cup, bowl", "hunyuan3d"
    m = rehearsal.messages

    def has(free: float = 10.4, **changes) -> Layout:
        sets = part("core.session.setup_requests").needed_sets("hunyuan3d", m.Settings())
        sizes = {"qwen3-vl-2b": 4_266_639_921}
        owner.session.weights = tuple(
            m.WeightsInfo(id=one, label=one, stage="shape", size_bytes=sizes.get(one, 444_000_000), state=m.WeightsState(changes.get(one, "ready")))
            for one in sets
        )
        owner.session.engines = (m.EngineInfo(id="hunyuan3d", label="Hunyuan3D", ready=True),)
        card = m.DeviceInfo(id="gpu", label="A Card", total_bytes=12 * 10**9, free_bytes=int(free * 10**9), note="About 40 s an object.")
        processor = m.DeviceInfo(id="cpu", label="Processor", total_bytes=10**10, free_bytes=10**10)
        owner.session.devices = (card, processor)
        owner.forecaster.want()
        owner.forecaster.update(bpy.context, owner, is_stale=True)
        return before(owner)

    yield has
    owner.session.weights, owner.session.engines, owner.session.devices = (), (), ()
    preferences = part("properties").preferences_of(bpy.context)
    preferences.small_memory = False
    for stage in ("locate", "matte", "shape", "paint"):
        setattr(preferences, f"{stage}_device", "auto")


def test_one_line_before_a_run(machine):
    layout = machine()
    assert layout.said == "A Card: About 40 s an object; needs 5.1 of 10.4 GB"
    assert layout.buttons == []


def test_past_runs_say_how_long(machine, owner, values):
    jobs, states = part("core.jobs"), part("core.states")
    requests = part("app.forecast")
    request = requests._request(bpy.context, part("app.jobs.requests").panel_settings(bpy.context))
    job = jobs.new_job(request, file_key="", now=0.0)
    job.state, job.seconds = states.JobState.DONE, 38.0
    for target in job.targets:
        target.add(jobs.Result(path="/m.glb"))
    owner.session.jobs.append(job)
    assert machine().said == "About 40 s on A Card, from your last runs; needs 5.1 of 10.4 GB"
    values.names = "cup, bowl, lamp, book"
    assert "About 75 s" in machine().said


def test_short_memory_has_one_button_after_the_other(machine, values):
    layout = machine(free=3.0)
    assert "3.0 GB of memory free and 5.1 GB are needed" in layout.said
    assert layout.pressed("img23d.fix") == [{"action": "small_memory"}]
    assert bpy.ops.img23d.fix(action="small_memory") == {"FINISHED"}
    assert part("properties").preferences_of(bpy.context).small_memory
    assert machine(free=3.0).pressed("img23d.fix") == []
    assert machine(free=2.0).pressed("img23d.fix") == [{"action": "use_processor"}]
    assert bpy.ops.img23d.fix(action="use_processor") == {"FINISHED"}
    assert part("properties").preferences_of(bpy.context).shape_device == "cpu"


def test_models_that_are_missing_have_their_button(machine):
    layout = machine(**{"hunyuan3d-paint": "missing"})
    assert "Not downloaded yet" in layout.said and "hunyuan3d-paint" in layout.said
    assert layout.pressed("img23d.fix") == [{"action": "download"}]


def test_the_preview_engine_is_always_a_way_out(machine, values):
    machine()
    assert bpy.ops.img23d.fix(action="use_preview") == {"FINISHED"}
    assert values.engine == "preview"


def test_a_lower_quality_is_the_next_preset(machine, values):
    bpy.ops.img23d.set_quality(quality="best")
    assert bpy.ops.img23d.fix(action="lower_quality") == {"FINISHED"}
    assert part("core.presets").matching(values) == "balanced"


def test_every_action_does_something_and_says_what(owner):
    findings, operators = part("shared.img23d_protocol.findings"), part("operators.forecast")
    actions = {str(action) for action in findings.Action if action}
    assert actions == set(operators._FIXES) == {identifier for identifier, _, _ in operators._ACTIONS}
    assert actions == {str(action) for action in part("panels.widgets.fixes")._BUTTONS}


def test_looking_ahead_starts_no_backend(machine, owner):
    machine()
    assert owner.session.state.name == "OFF"


def test_an_idle_backend_is_asked_for_its_memory_now_and_then(run, monkeypatch):
    owner, now = run.owner, [1000.0]
    run.finish()
    forecast = part("app.forecast")
    monkeypatch.setattr(forecast, "time", SimpleNamespace(monotonic=lambda: now[0]))
    owner.forecaster.__init__()

    def asked() -> int:
        owner.forecaster.want()
        owner.forecaster.update(bpy.context, owner)
        now[0] += 2.0
        return sum(type(message).__name__ == "Inspect" for message in run.link.said)

    counts = [asked() for _ in range(25)]
    assert counts[0] <= 1 and counts[-1] == counts[0] + 2
    now[0] += 1000
    owner.forecaster.update(bpy.context, owner)  # the tab is closed
    assert sum(type(message).__name__ == "Inspect" for message in run.link.said) == counts[-1]


def test_while_a_job_runs_one_part_of_what_the_panel_shows_is_looked_up_a_tick(run, monkeypatch):
    """With two hundred things all of them together would be felt."""
    pump, seen = run.owner.pump, []
    parts = pump._parts
    monkeypatch.setattr(pump, "_parts", [lambda owner, job, name=name: bool(seen.append(name)) for name in range(len(parts))])
    pump._due.clear()
    pump.is_stale = True
    for number in range(len(parts)):
        pump._look_up(run.owner, run.job)
        assert seen == list(range(number + 1))
    pump._look_up(run.owner, run.job)
    assert len(seen) == len(parts) > 1, "nothing has changed since"


def test_the_names_count_the_lines_that_are_used_and_have_a_box(values):
    for use, has_box in ((True, True), (True, False), (False, True), (True, True)):
        row = values.targets.add()
        row.name, row.use, row.has_box = "cup", use, has_box
    assert part("panels.sidebar.main")._used(values) == 2
