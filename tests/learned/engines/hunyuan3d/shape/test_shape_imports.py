"""The shape networks do without the packages that hy3dgen's initialisers want. torchvision is not installed here at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[5]
UNNEEDED = ("pymeshlab", "skimage", "trimesh", "diffusers")

CHILD = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocked())
sys.path[:0] = {paths!r}
import torch
from img23d_backend.engines.hunyuan3d.networks.dit import Counted, ShapeDiT
from img23d_backend.engines.hunyuan3d.networks.vae import ShapeVAE
from img23d_backend.engines.hunyuan3d.networks import conditioner
from img23d_backend.engines.hunyuan3d.shape import sampling

dit = ShapeDiT(in_channels=4, context_in_dim=6, hidden_size=16, num_heads=2, depth=1, depth_single_blocks=1, axes_dim=[8])
flow = dit(torch.zeros(1, 3, 4), torch.zeros(1), Counted(tokens=torch.zeros(1, 2, 6)))
vae = ShapeVAE(num_latents=3, embed_dim=4, width=16, heads=2, num_decoder_layers=1)
values = vae.field(flow[0])(torch.zeros(5, 3))
print(tuple(flow.shape), tuple(values.shape), "hy3dgen.shapegen" in sys.modules)
"""


def test_the_networks_compute_without_the_packages_that_are_not_installed() -> None:
    paths = [str(ROOT / "backend"), str(ROOT / "blender_img23d" / "shared")]
    code = CHILD.format(names=UNNEEDED, paths=paths)
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert child.returncode == 0, child.stderr
    assert child.stdout.strip() == "(1, 3, 4) (5,) False"
