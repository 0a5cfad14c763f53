"""hy3dgen's network classes, without the imports of hy3dgen's packages.

`import hy3dgen.shapegen` runs package initialisers that want torchvision (which does not load beside every torch),
pymeshlab (280 MB), trimesh and scikit-image, for pipelines that this program does not use. The files that define the
networks need torch and einops only. They are therefore read in place, from the installed package, under package names of
our own that have no initialisers; hy3dgen's own names are not touched, so it can still be imported in the ordinary way.

Not taken over, and written in the modules beside this one: the image encoder (its file imports torchvision), the VAE's
outer class (scikit-image), the schedulers (diffusers).
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

_OURS = f"{__package__}.hy3dgen_shapegen"
_PACKAGES = ("", ".models", ".models.denoisers", ".models.autoencoders")


def _module(name: str) -> ModuleType:
    """`hy3dgen.shapegen.<name>`, with the packages above it empty."""
    for package in _PACKAGES:
        if _OURS + package not in sys.modules:
            empty = ModuleType(_OURS + package)
            empty.__path__ = [str(_shapegen().joinpath(*package.split(".")[1:]))]
            sys.modules[_OURS + package] = empty
    return importlib.import_module(f"{_OURS}.{name}")


def _shapegen() -> Path:
    spec = importlib.util.find_spec("hy3dgen")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'hy3dgen'", name="hy3dgen")
    return Path(spec.submodule_search_locations[0]) / "shapegen"


_dit = _module("models.denoisers.hunyuan3ddit")
_blocks = _module("models.autoencoders.attention_blocks")

Hunyuan3DDiT = _dit.Hunyuan3DDiT
DoubleStreamBlock = _dit.DoubleStreamBlock
SingleStreamBlock = _dit.SingleStreamBlock
ModulationOut = _dit.ModulationOut
timestep_embedding = _dit.timestep_embedding
FourierEmbedder = _blocks.FourierEmbedder
Transformer = _blocks.Transformer
CrossAttentionDecoder = _blocks.CrossAttentionDecoder
