"""AutoPartGen: the network in two sizes, each one file, and the decoder that both share.

The repository asks for a log-in. No public project was found that names one of its commits, nor the files' bytes: the branch's newest is
taken, and recorded; the sizes are those of its networks in single precision.
"""

from __future__ import annotations

from img23d_protocol.choices import AUTOPARTGEN_LICENCE, AUTOPARTGEN_LICENCE_LINK
from img23d_protocol.messages import Stage
from img23d_protocol.options.parts.autopartgen import AUTOPARTGEN_MODELS, AUTOPARTGEN_VAE

from .row import WeightSet

_BRANCH = "main"
_DIT, _VAE = 1_580_809_408, 242_662_017  # parameters
FILES = {AUTOPARTGEN_MODELS[0][0]: "autopartgen_dit.pth", AUTOPARTGEN_MODELS[1][0]: "autopartgen_dit_4096.pth", AUTOPARTGEN_VAE: "autopartgen_vae.pth"}


def _row(id: str, label: str, parameters: int, note: str, *, is_addition: bool = False) -> WeightSet:
    """Published as pickles only."""
    return WeightSet(
        id=id,
        label=label,
        stage=Stage.SPLIT,
        repository="facebook/autopartgen",
        revision=_BRANCH,
        files=(FILES[id],),
        required=(FILES[id],),
        size_bytes=4 * parameters,
        memory_bytes=2 * parameters,
        licence="FAIR Noncommercial Research License v1",
        licence_link=AUTOPARTGEN_LICENCE_LINK,
        must_accept=AUTOPARTGEN_LICENCE,
        is_addition=is_addition,
        note=f"{note}; for non-commercial research. Its page asks for a log-in",
    )


AUTOPARTGEN_SETS = (
    *(_row(identifier, label, _DIT, tip) for identifier, label, tip in AUTOPARTGEN_MODELS),
    _row(AUTOPARTGEN_VAE, "AutoPartGen decoder", _VAE, "Turns its numbers into meshes, and meshes into its numbers", is_addition=True),
)
