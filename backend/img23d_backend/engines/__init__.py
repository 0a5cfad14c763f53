"""The engines, one folder each. Nothing heavy is imported before an engine is asked for."""

from __future__ import annotations

from collections.abc import Callable

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import EngineInfo

from ..stages import Engine

PREVIEW = EngineInfo(
    id="preview",
    label="Preview (no AI models)",
    ready=True,
    note="Works at once, without a graphics card. It cuts out what stands apart in the photo; it does not know what a mug is.",
)


def _preview() -> Engine:
    from .preview import make_engine

    return make_engine()


_MAKERS: dict[str, Callable[[], Engine]] = {PREVIEW.id: _preview}


def infos() -> tuple[EngineInfo, ...]:
    """Every engine the panel may offer, without loading one."""
    return (PREVIEW,)


def load(engine_id: str) -> Engine:
    """The engine of that id. Raises Img23DError(ENGINE_UNKNOWN)."""
    maker = _MAKERS.get(engine_id)
    if maker is None:
        known = ", ".join(_MAKERS)
        raise Img23DError(ErrorCode.ENGINE_UNKNOWN, f"There is no engine called “{engine_id}”; there is: {known}.")
    return maker()
