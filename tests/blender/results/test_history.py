"""Runs of earlier sessions: listed, brought in again, used again, deleted."""

from __future__ import annotations

import shutil
from pathlib import Path

import bpy
import pytest
from conftest import PACKAGE, part, quick_settings
from drawing import Layout, drawn
from scripted import Rehearsal


@pytest.fixture
def base(tmp_path, owner):
    """The folder that holds `runs`, for this test only."""
    choose_folder(tmp_path)
    yield tmp_path
    choose_folder("")


def choose_folder(path) -> None:
    """The preferences are looked up anew each time: a restart takes the old ones' class away."""
    bpy.context.preferences.addons[PACKAGE].preferences.runs_folder = str(path)


def generate(photo, names: str, seed: int = 7, *, texture: bool = False) -> list[bpy.types.Object]:
    values = quick_settings()
    values.photo, values.names, values.seed, values.texture = str(photo), names, seed, texture
    before = set(bpy.data.objects)
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    return sorted((obj for obj in set(bpy.data.objects) - before if obj.type == "MESH"), key=lambda obj: obj.name)


def restarted():
    """The owner object of a new session, with everything read that lies on the disk."""
    registration = part("registration")
    registration.unregister()
    registration.register()
    return read(part("core.session.app").current())


def read(owner):
    """What the pump does while the tab is open."""
    owner.history.want()
    owner.history.step(bpy.context)
    while owner.history.is_loading:
        owner.history.step(bpy.context)
    rows = part("app.jobs.result_rows")
    shown = part("app.owner").shown_job(owner, bpy.context)
    rows.sync_rows(bpy.context.window_manager, shown)
    rows.sync_runs(bpy.context.window_manager, owner.history.runs, shown)
    if shown is not None and shown.is_generation:
        owner.standings = owner.applier.placer.standings(shown)
    return owner


def listed(owner) -> list[str]:
    """The list of past runs, as its lines say it."""
    panels, lines = part("panels.results.history"), []
    for row in bpy.context.window_manager.img23d.runs:
        layout = Layout()
        panels._draw_name(layout, owner, owner.job(row.job))
        lines += layout.texts
    return lines


def test_a_long_name_can_be_read_as_a_whole(base, photo, tmp_path):
    """In the line's tooltip, and below the list for the one that is chosen."""
    name = "coffee_on_a_table_beside_the_window_in_the_morning.png"
    generate(shutil.copy(photo, tmp_path / name), "red ball, blue ball")
    owner = restarted()
    (row,) = bpy.context.window_manager.img23d.runs
    assert row.tip == f"2 × {name}"
    shown = drawn(part("panels.tab").IMG23D_PT_history)
    said = [text for text in shown.texts if text]
    start = next(number for number, text in enumerate(said) if text.startswith("2 ×"))
    assert f"2 × {name}".replace(" ", "") in "".join(said[start:]).replace(" ", "")
    assert any(call.get("item_dyntip_propname") == "tip" for call in shown.lists) and owner.session.jobs


def test_runs_are_listed_after_a_restart_and_brought_into_a_new_file(base, photo):
    names = [obj.name for obj in generate(photo, "red ball, blue ball", texture=True)]
    generate(photo, "green box")
    bpy.ops.wm.read_homefile(use_empty=True)
    owner = restarted()
    assert [job.is_past for job in owner.session.jobs] == [True, True]
    assert listed(owner) == ["three.png", "2 × three.png"], "the newest first"
    bpy.context.window_manager.img23d.active_run = 1  # a click
    assert part("app.owner").shown_job(owner, bpy.context) is owner.session.jobs[1]
    assert drawn(part("panels.tab").IMG23D_PT_history).pressed("img23d.import_run")
    assert bpy.ops.img23d.import_run() == {"FINISHED"}
    assert sorted(obj.name for obj in bpy.data.objects if obj.type == "MESH") == names
    assert all(image.packed_file or Path(image.filepath) == photo for image in bpy.data.images if image.users)
    read(owner)
    assert "Finished" in drawn(part("panels.tab").IMG23D_PT_results).said
    with pytest.raises(RuntimeError, match="already"):
        bpy.ops.img23d.import_run()


def test_a_saved_files_objects_are_known_after_a_restart(base, photo, tmp_path):
    (ball,) = generate(photo, "red ball")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "desk.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    restarted()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "desk.blend"))
    owner = read(part("core.session.app").current())
    assert owner.standings[0].name == "IN_SCENE"
    assert bpy.ops.img23d.show_result() == {"FINISHED"} and bpy.context.object.name == "red ball"
    assert part("panels.tab").IMG23D_PT_made.poll(bpy.context)
    with pytest.raises(RuntimeError, match="already"):
        bpy.ops.img23d.import_run()


def test_nothing_is_read_before_the_tab_is_open_or_while_a_job_runs(base, photo, monkeypatch):
    generate(photo, "red ball")
    registration = part("registration")
    registration.unregister()
    registration.register()
    owner = part("core.session.app").current()
    owner.history.step(bpy.context)
    assert owner.session.jobs == [] and not owner.history.is_loading
    monkeypatch.setattr(part("app.outcome"), "must_wait", lambda: False)
    rehearsal = Rehearsal(owner, monkeypatch)
    bpy.ops.img23d.generate()
    rehearsal.locate("red ball")
    owner.history.want()
    for _ in range(5):
        owner.history.step(bpy.context)
    assert len(owner.session.jobs) == 1
    assert bpy.ops.img23d.cancel() == {"FINISHED"}
    owner.pump.tick()
    assert len(read(owner).session.jobs) == 2


def test_another_folder_for_runs_shows_its_own(base, photo, tmp_path, owner):
    generate(photo, "red ball")
    owner = restarted()
    assert len(owner.session.jobs) == 1
    generate(photo, "blue ball")
    choose_folder(tmp_path / "other")
    assert [job.is_past for job in read(owner).session.jobs] == [False], "what was made in this session stays"
    choose_folder(tmp_path)
    assert [job.is_past for job in read(owner).session.jobs] == [False, True], "and none of them twice"


def test_fifty_runs_are_kept_however_many_there_are(base, photo):
    generate(photo, "red ball")
    (first,) = (base / "runs").iterdir()
    for number in range(60):
        copy = first.with_name(f"20250101-0000{number:02d}-copy-0000")
        shutil.copytree(first, copy)
        record = (copy / "run.json").read_text(encoding="utf-8")
        job = part("core.runs.history").read_run(first).id
        (copy / "run.json").write_text(record.replace(f'"{job}"', f'"copy{number}"'), encoding="utf-8")
    (base / "runs" / "20250102-000000-broken-0000").mkdir()
    owner = restarted()
    assert len(owner.session.jobs) == len(bpy.context.window_manager.img23d.runs) == 50
    assert owner.session.jobs[1].id == "copy59"


def test_a_run_is_deleted_with_its_files_and_its_objects_stay(base, photo, owner):
    (ball,) = generate(photo, "red ball")
    folder = Path(owner.session.jobs[0].request.run_folder)
    assert bpy.ops.img23d.delete_run() == {"FINISHED"}
    assert not folder.exists() and owner.session.jobs == [] and list((base / "runs").iterdir()) == []
    assert ball.name in bpy.data.objects and ball.data.materials[0] is not None
    assert read(owner).session.jobs == []


def test_a_run_whose_picture_this_file_uses_is_kept(base, photo, owner):
    generate(photo, "red ball")
    job = owner.session.jobs[0]
    image = bpy.data.images.load(job.targets[0].cutout)
    image.use_fake_user = True
    with pytest.raises(RuntimeError, match="pack it first"):
        bpy.ops.img23d.delete_run()
    assert Path(job.targets[0].cutout).is_file()
    image.pack()
    assert bpy.ops.img23d.delete_run() == {"FINISHED"}


def test_a_running_job_keeps_its_folder(base, photo, monkeypatch, owner, as_with_a_window):
    generate_first = owner.session.jobs
    rehearsal = Rehearsal(owner, monkeypatch)
    values = bpy.context.scene.img23d
    values.photo, values.names = str(photo), "red ball"
    bpy.ops.img23d.generate()
    rehearsal.locate("red ball")
    with pytest.raises(RuntimeError):
        bpy.ops.img23d.delete_run(job=generate_first[0].id)
    assert owner.session.active is not None


def test_an_older_runs_settings_come_back_into_the_panel(base, photo, owner):
    values = bpy.context.scene.img23d
    values.texture_size, values.faces, values.shape = "2048", 5000, "inflate"
    generate(photo, "red ball, blue ball", seed=33)
    boxes = [target.box for target in owner.session.jobs[0].targets]
    values.photo, values.names, values.seed, values.texture_size = "", "something else", -1, "1024"
    values.faces, values.shape = 900, "auto"
    assert bpy.ops.img23d.reuse_run() == {"FINISHED"}
    assert (values.photo, values.names, values.seed) == (str(photo), "red ball, blue ball", 33)
    assert (values.texture_size, values.faces, values.shape) == ("2048", 5000, "inflate")
    assert [row.name for row in values.targets] == ["red ball", "blue ball"]
    assert [round(row.left, 3) for row in values.targets] == [round(box.left * 100, 3) for box in boxes]
    assert len(generate(photo, values.names, seed=33)) == 2, "each of them once"


def test_an_interrupted_run_says_so_and_gives_what_it_has(base, photo):
    generate(photo, "red ball, blue ball", texture=True)
    (folder,) = (base / "runs").iterdir()
    record = (folder / "run.json").read_text(encoding="utf-8")
    (folder / "run.json").write_text(record.replace('"finished"', '"running"'), encoding="utf-8")
    (folder / "00_red_ball.glb").unlink()
    bpy.ops.wm.read_homefile(use_empty=True)
    restarted()
    said = drawn(part("panels.tab").IMG23D_PT_results).said
    assert "Interrupted" in said and "what was finished before can be imported" in said
    assert bpy.ops.img23d.import_run() == {"FINISHED"}
    assert sorted(obj.name for obj in bpy.data.objects if obj.type == "MESH") == ["blue ball", "red ball"]


def test_what_the_list_says_about_time():
    import time
    from datetime import datetime

    when, now = part("panels.results.history").when, datetime(2026, 3, 12, 10, 30).timestamp()
    assert when(datetime(2026, 3, 12, 0, 5).timestamp(), now) == "Today 00:05"
    assert when(datetime(2026, 3, 11, 23, 55).timestamp(), now) == "Yesterday 23:55"
    assert when(datetime(2025, 3, 12, 10, 30).timestamp(), now) == "2025-03-12"
    assert when(time.time(), time.time()).startswith("Today")
