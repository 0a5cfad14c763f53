"""Who set the AI models up before there was a painter: the panel says so before Generate, and one press downloads it."""

from __future__ import annotations

import bpy
from conftest import part
from drawing import drawn
from setup_stage import TENCENT
from test_setup import machine, panel, stage  # noqa: F401  (fixtures)


def test_who_set_up_before_there_was_a_painter_gets_it_with_one_press(stage, machine, values):
    machine.accept(TENCENT)
    stage.environment = stage.environment_of("READY")
    engine = stage.messages.EngineInfo(id="hunyuan3d", label="Hunyuan3D", ready=True)
    main = part("panels.tab").IMG23D_PT_main
    values.engine = "hunyuan3d"
    stage.tell(weights=stage.weights(but=("hunyuan3d-delight", "hunyuan3d-paint")), engines=(engine,))
    assert "about 10.0 GB of models" in panel().said and panel().pressed("img23d.setup") == [{}]
    shown = drawn(main)
    assert "painter is not downloaded" in shown.said and shown.pressed("img23d.setup") == [{"engine": "hunyuan3d"}]
    for name, value in (("engine", "preview"), ("engine", "cutout"), ("texture", False), ("painter", "preview")):
        before = getattr(values, name)
        setattr(values, name, value)
        stage.tick()
        assert "painter is not downloaded" not in drawn(main).said, f"{name} {value} paints without it"
        setattr(values, name, before)
    stage.tick()
    stage.press(bpy.ops.img23d.setup)
    assert "painter is not downloaded" in drawn(main).said and not drawn(main).pressed("img23d.setup")
    stage.finish("installer")
    (request,) = stage.links["weights"].said
    assert {"hunyuan3d-delight", "hunyuan3d-paint"} < set(request.sets)
    stage.finish("weights")
    stage.say("main", stage.messages.Status(weights=stage.weights(), engines=(engine,)))
    assert "painter is not downloaded" not in drawn(main).said and not panel().pressed("img23d.setup")


def test_without_removing_light_its_model_is_not_wanted(stage, machine, values):
    machine.accept(TENCENT)
    stage.environment = stage.environment_of("READY")
    engine = stage.messages.EngineInfo(id="hunyuan3d", label="Hunyuan3D", ready=True)
    values.engine = "hunyuan3d"
    stage.tell(weights=stage.weights(but=("hunyuan3d-delight",)), engines=(engine,))
    assert stage.owner.models.view.lacks_painter and not stage.owner.models.view.is_complete
    values.delight = False
    stage.tick()
    assert not stage.owner.models.view.lacks_painter and stage.owner.models.view.is_complete


def test_the_button_gets_the_painter_of_the_engine_that_lacks_it(stage, machine, values):
    """TRELLIS with a painter of Hunyuan3D's, while the models were set up for another engine."""
    machine.accept(TENCENT)
    machine.set_up_for("cutout")
    stage.environment = stage.environment_of("READY")
    values.engine, values.trellis_painter = "trellis", "hunyuan3d-paint"
    engine = stage.messages.EngineInfo(id="trellis", label="TRELLIS", ready=True)
    stage.tell(weights=stage.weights(but=("hunyuan3d-delight", "hunyuan3d-paint")), engines=(engine,))
    (pressed,) = drawn(part("panels.tab").IMG23D_PT_main).pressed("img23d.setup")
    stage.press(bpy.ops.img23d.setup, **pressed)
    stage.finish("installer")
    (request,) = stage.links["weights"].said
    assert {"trellis-image-large", "hunyuan3d-delight", "hunyuan3d-paint"} < set(request.sets)
