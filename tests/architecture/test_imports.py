"""The layers' arrows, read from every file."""

from __future__ import annotations

import pytest
from rules import backend_violations, extension_violations
from source import Module, backend_modules, extension_modules


@pytest.mark.parametrize("module", extension_modules(), ids=lambda module: module.name)
def test_extension(module: Module) -> None:
    found = extension_violations(module)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("module", backend_modules(), ids=lambda module: module.name)
def test_backend(module: Module) -> None:
    found = backend_violations(module)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("blender_img23d.core.session.session", "import bpy"),
        ("blender_img23d.core.session.session", "def f():\n    import bpy"),
        ("blender_img23d.core.session.session", "import numpy as np"),
        ("blender_img23d.core.session.session", "from ...process import client"),
        ("blender_img23d.core.session.session", "from ...app import pump"),
        ("blender_img23d.process.client", "from ..scene.placer import place"),
        ("blender_img23d.process.client", "import requests"),
        ("blender_img23d.scene.placement.placer", "from ...operators import generate"),
        ("blender_img23d.operators.generate", "from ..process.client import PipeLink"),
        ("blender_img23d.operators.generate", "from ..panels import main"),
        ("blender_img23d.panels.sidebar.main", "from ...operators.generate import IMG23D_OT_generate"),
        ("blender_img23d.panels.sidebar.main", "from blender_img23d.process import launch"),
        ("blender_img23d.app.pump", "from ..process import client"),
        ("blender_img23d.scene.placement.placer", "from ...app import owner"),
        ("blender_img23d.shared.img23d_protocol.codec", "from ...core import jobs"),
        ("blender_img23d.shared.img23d_protocol.codec", "import numpy"),
        ("blender_img23d.helpers", "import json"),
    ],
)
def test_the_extensions_rules_bite(name: str, source: str) -> None:
    assert len(extension_violations(Module(name=name, source=source))) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("img23d_backend.pipe.server", "import bpy"),
        ("img23d_backend.pipe.server", "from blender_img23d.core import jobs"),
        ("img23d_backend.pipe.server", "import torch"),
        ("img23d_backend.pipe.server", "def f():\n    import torch"),
        ("img23d_backend.engines.hunyuan3d.shape.shaper", "from torch import nn"),
        ("img23d_backend.engines.preview.matting.matte", "import scipy.ndimage"),
        ("img23d_backend.engines.preview.matting.matte", "from ....jobs.pipeline import generate"),
        ("img23d_backend.engines.hunyuan3d", "from ..preview import matte"),
        ("img23d_backend.mesh.topology.checks", "from ...engines import preview"),
        ("img23d_backend.mesh.topology.checks", "from ..uv.unwrap import unwrap"),
        ("img23d_backend.mesh.raster.rasterize", "from ..texture import bake"),
        ("img23d_backend.stages", "from .mesh.topology import checks"),
        ("img23d_backend.jobs.pipeline", "from ..pipe.server import Server"),
        ("img23d_backend.pipe.server", "from ..cli import commands"),
        ("img23d_backend.cli.commands", "from ..pipe import server"),
        ("img23d_backend.workers.pool", "from starlette.requests import Request"),
        ("img23d_backend.service.app", "from ..jobs.pipeline import generate"),
        ("img23d_backend.jobs.pipeline", "from ..service.desk import JobDesk"),
        ("img23d_backend.helpers", "from .stages import Mesh"),
        ("img23d_backend.engines.birefnet.matte", "from .networks.birefnet import BiRefNet"),
        ("img23d_backend.engines.hunyuan3d.shape.shaper", "def f():\n    from ...birefnet.networks import swin"),
        ("img23d_backend.weights.store", "import huggingface_hub"),
        ("img23d_backend.mesh.topology.simplify", "def f():\n    import transformers"),
        ("img23d_backend.setup.environment", "from ..stages import Mesh"),
    ],
)
def test_the_backends_rules_bite(name: str, source: str) -> None:
    assert len(backend_violations(Module(name=name, source=source))) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("img23d_backend.engines.hunyuan3d.shape.shaper", "def f():\n    import torch"),
        ("img23d_backend.engines.hunyuan3d.shape.shaper", "if TYPE_CHECKING:\n    import torch"),
        ("img23d_backend.engines.preview.matting.matte", "import numpy, cv2\nfrom ....mesh.topology import checks\nfrom . import pyramid"),
        ("img23d_backend.pipe.server", "from ..jobs.pipeline import generate\nfrom img23d_protocol import decode"),
        ("img23d_backend.service.app", "from starlette.routing import Route\nfrom ..workers.pool import WorkerPool"),
        ("img23d_backend.engines.birefnet.networks.swin", "import torch\nfrom torch import nn\nfrom .window import attend"),
        ("img23d_backend.engines.birefnet.matte", "def f():\n    from .networks.birefnet import BiRefNet"),
        ("img23d_backend.mesh.topology.simplify", "def f():\n    import fast_simplification"),
        ("img23d_backend.engines", "from img23d_backend.engines.preview import make_engine"),
    ],
)
def test_the_backends_rules_let_pass(name: str, source: str) -> None:
    assert backend_violations(Module(name=name, source=source)) == []
