"""What a button of the AI models' panel asks for, or one clear sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blender_img23d.core.session.environment import Environment, EnvironmentState, Tools
from blender_img23d.core.session.setup_requests import missing_bytes, needed_sets, plan_delete, plan_download, plan_verify
from blender_img23d.shared.img23d_protocol import ErrorCode, Img23DError
from blender_img23d.shared.img23d_protocol.choices import INSTANTMESH_LICENCE, TENCENT_LICENCE
from blender_img23d.shared.img23d_protocol.messages import (
    DeleteWeights,
    Settings,
    VerifyWeights,
    WeightsInfo,
    WeightsState,
)
from blender_img23d.shared.img23d_protocol.options.settings import first_to_set_up

READY = Environment(state=EnvironmentState.READY, place="/env")
SHAPES = needed_sets("hunyuan3d", Settings())
TRELLIS = needed_sets("trellis", Settings())
FREE = needed_sets("cutout", Settings())


def plan(sets=FREE, *, environment=READY, licences=(), online=True, renew=False, tools=Tools(uv="/uv", python="/py")):
    return plan_download(sets, environment=environment, tools=tools, torch_build="cpu", licences=licences, online=online, renew=renew)


def refusal(*args, **kwargs) -> Img23DError:
    with pytest.raises(Img23DError) as caught:
        plan(*args, **kwargs)
    return caught.value


def test_what_the_settings_need() -> None:
    assert SHAPES == ("qwen3-vl-2b", "birefnet-general", "depth-anything-v2-metric-small", "hunyuan3d-2mini-turbo", "hunyuan3d-delight", "hunyuan3d-paint")
    assert FREE == SHAPES[:3]
    assert TRELLIS == (*FREE, "trellis-image-large", "dinov2-with-registers-large")
    own = Settings.of(matter="preview", shape_model="hunyuan3d-2", speed="standard", painter="preview")
    assert needed_sets("hunyuan3d", own) == ("qwen3-vl-2b", "depth-anything-v2-metric-small", "hunyuan3d-2-standard")
    shaded = Settings.of(painter="hunyuan3d-paint", delight=False)
    assert needed_sets("hunyuan3d", shaded)[4:] == ("hunyuan3d-paint",)


def test_the_command_line_sets_up_the_same() -> None:
    from img23d_backend.cli.setup import default_sets
    from img23d_protocol.options.settings import engine_named

    assert default_sets(engine_named("hunyuan3d")) == SHAPES
    assert default_sets(engine_named("trellis")) == TRELLIS


def test_the_engine_to_set_up_follows_from_the_answer_to_the_licence() -> None:
    assert first_to_set_up((TENCENT_LICENCE,)).id == "hunyuan3d"
    assert first_to_set_up(()).id == first_to_set_up(("another",)).id == "trellis"
    assert plan(TRELLIS, renew=True).weights.sets == TRELLIS


def test_trellis_with_a_painter_of_hunyuan3ds_asks_for_that_licence() -> None:
    sets = needed_sets("trellis", Settings.of(trellis_painter="hunyuan3d-paint"))
    assert sets == (*TRELLIS, "hunyuan3d-delight", "hunyuan3d-paint")
    error = refusal(sets)
    assert error.code == ErrorCode.LICENCE_NOT_ACCEPTED and "colours of its splats" in error.sentence
    assert plan(sets, licences=(TENCENT_LICENCE,)).weights.sets == sets
    assert needed_sets("trellis", Settings.of(trellis_painter="preview")) == TRELLIS
    assert needed_sets("trellis", Settings.of(painter="hunyuan3d-paint")) == TRELLIS, "the painter of the other engine is not its own"


def test_nothing_of_tencents_before_its_licence_is_accepted() -> None:
    assert refusal(SHAPES).code == ErrorCode.LICENCE_NOT_ACCEPTED
    for one in ("hunyuan3d-2mini-vae-turbo", "hunyuan3d-delight", "hunyuan3d-paint"):
        assert refusal((one,)).code == ErrorCode.LICENCE_NOT_ACCEPTED
    assert plan(SHAPES, licences=(TENCENT_LICENCE,)).weights.licences == (TENCENT_LICENCE,)
    without = plan(FREE, renew=True)
    assert without.environment.licences == () and not any("hunyuan" in one for one in without.weights.sets)


def test_nothing_of_instantmesh_before_its_own_licence_is_accepted() -> None:
    sets = needed_sets("instantmesh", Settings())
    assert sets == (*FREE, "instantmesh-mesh-large", "instantmesh-views", "zero123plus")
    for one in sets[len(FREE) :]:
        error = refusal((one,), licences=(TENCENT_LICENCE,))
        assert error.code == ErrorCode.LICENCE_NOT_ACCEPTED and error.sentence.startswith("InstantMesh")
    assert plan(sets, licences=(INSTANTMESH_LICENCE,)).weights.licences == (INSTANTMESH_LICENCE,)
    assert first_to_set_up((INSTANTMESH_LICENCE,)).id == "trellis", "it is set up only by who chooses it"


def test_offline_is_a_sentence() -> None:
    error = refusal(online=False)
    assert error.code == ErrorCode.OFFLINE and "online access" in error.sentence


@pytest.mark.parametrize(
    ("state", "renew", "is_made"),
    [
        (EnvironmentState.MISSING, False, True),
        (EnvironmentState.PARTIAL, False, True),
        (EnvironmentState.OUTDATED, False, True),
        (EnvironmentState.READY, False, False),
        (EnvironmentState.READY, True, True),
        (EnvironmentState.CHOSEN, True, False),
    ],
)
def test_the_environment_comes_first_where_it_is_ours_and_not_ready(state: EnvironmentState, renew: bool, is_made: bool) -> None:
    made = plan(environment=replace(READY, state=state), renew=renew)
    assert (made.environment is not None) == is_made
    if is_made:
        request = made.environment
        assert (request.folder, request.uv, request.python, request.torch_build) == ("/env", "/uv", "/py", "cpu")
        assert request.online
    assert made.weights.sets == FREE and made.weights.online


def test_a_chosen_python_that_is_not_there() -> None:
    error = refusal(environment=Environment(state=EnvironmentState.BROKEN, place="/no/python"), tools=None)
    assert error.code == ErrorCode.ENVIRONMENT_BROKEN and "/no/python" in error.sentence


def test_verifying_and_deleting_need_no_environment() -> None:
    assert isinstance(plan_verify(("a",)).weights, VerifyWeights) and plan_verify(("a",)).environment is None
    assert isinstance(plan_delete(("a",)).weights, DeleteWeights) and plan_delete(("a",)).changes_open_files
    assert not plan_verify(("a",)).changes_open_files


def test_only_what_is_missing_counts() -> None:
    def info(identifier: str, state: WeightsState) -> WeightsInfo:
        return WeightsInfo(id=identifier, label="", stage="locate", size_bytes=100, state=state)

    known = [info(FREE[0], WeightsState.READY), info(FREE[1], WeightsState.PARTIAL), info("other", WeightsState.MISSING)]
    assert missing_bytes(FREE, known) == 100
