"""The program's own parts, and those of the private environment: whether they are there and can be loaded."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import platform
import traceback
from collections.abc import Iterator

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Action, Diagnose, Finding, Level

from .. import __version__
from ..engines import Engines

_SHIPPED = {"numpy": "NumPy", "cv2": "OpenCV"}
# By their packages, in the order in which they need each other
_LEARNED = {
    "torch": "PyTorch",
    "safetensors": "safetensors",
    "transformers": "Transformers",
    "diffusers": "Diffusers",
    "scipy": "SciPy",
    "fast_simplification": "fast-simplification",
}
NETWORKS = "hy3dgen"  # looked for only: its own start imports what is left out of the environment
_CUT_OUTS = "Cut-out network"
_NOT_THERE = "not installed"


def findings(request: Diagnose, engines: Engines) -> Iterator[Finding]:
    """What runs without models first."""
    yield Finding(what="Program", level=Level.GOOD, sentence=f"Img23D {__version__} on Python {platform.python_version()}.")
    yield _shipped()
    yield _network()
    if not is_set_up():
        sentence = "The AI models are not set up. The Preview engine works without them."
        yield Finding(what="AI programs", level=Level.NOTE, sentence=sentence, action=Action.SET_UP)
        return
    yield _learned()
    if not has_networks():
        sentence = "Hunyuan3D's program is not set up: things are found and cut out, and the Preview engine shapes them."
        yield Finding(what="Hunyuan3D", level=Level.NOTE, sentence=sentence, action=Action.SET_UP)


def is_set_up() -> bool:
    """Whether this Python is meant for learned models."""
    return importlib.util.find_spec("torch") is not None


def has_networks() -> bool:
    """Whether Tencent's networks are there: they are left out where their licence was not accepted."""
    return importlib.util.find_spec(NETWORKS) is not None


def version(package: str) -> str:
    """As it is written down beside the package, which is not imported for it."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return _NOT_THERE


def why_not_importable(package: str) -> str:
    """The traceback where it cannot be imported, empty where it can."""
    try:
        importlib.import_module(package)
    except Exception as error:  # a broken wheel or a missing system library may raise anything
        return "".join(traceback.format_exception(error))
    return ""


def _network() -> Finding:
    """The cut-out network in the zip; every byte of its file is read."""
    from ..engines.isnet.network_file import installed

    try:
        installed("isnet").read()
    except Img23DError as error:
        if error.code is ErrorCode.WEIGHTS_MISSING:
            sentence = "This Img23D was built without its cut-out network: things are cut out in the light-weight way."
            return Finding(what=_CUT_OUTS, level=Level.NOTE, sentence=sentence, detail=error.detail)
        return Finding(what=_CUT_OUTS, level=Level.PROBLEM, sentence=error.sentence, detail=error.detail)
    return Finding(what=_CUT_OUTS, level=Level.GOOD, sentence="IS-Net, the network that finds things and cuts them out, is whole.")


def _shipped() -> Finding:
    broken = {label: why for package, label in _SHIPPED.items() if (why := why_not_importable(package))}
    if broken:
        sentence = f"A part of Img23D is missing or damaged ({', '.join(broken)}): install the extension again from its zip file."
        return Finding(what="Picture programs", level=Level.PROBLEM, sentence=sentence, detail="\n".join(broken.values()))
    versions = (f"{label} {importlib.import_module(package).__version__}" for package, label in _SHIPPED.items())
    return Finding(what="Picture programs", level=Level.GOOD, sentence=f"{' and '.join(versions)} work.")


def _learned() -> Finding:
    broken = {label: why for package, label in _LEARNED.items() if (why := why_not_importable(package))}
    if broken:
        names = ", ".join(broken)
        sentence = f"A part of the private environment is missing or damaged ({names}): press Set Up AI Models again."
        return Finding(what="AI programs", level=Level.PROBLEM, sentence=sentence, action=Action.SET_UP, detail="\n".join(broken.values()))
    versions = ", ".join(f"{_LEARNED[package]} {version(package)}" for package in ("torch", "transformers", "diffusers"))
    return Finding(what="AI programs", level=Level.GOOD, sentence=f"{versions} work.")
