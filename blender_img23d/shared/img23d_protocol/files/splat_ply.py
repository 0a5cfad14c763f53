"""The properties of a PLY file of Gaussian splats, in the order in which both sides write them.

Layout: Kerbl et al., 3D Gaussian Splatting for Real-Time Radiance Field Rendering, 2023, as its trainer writes it: 62 floats a splat
with spherical harmonics of the third degree, 17 without. The file's axes are right, down, forward (x, y, z).
"""

from __future__ import annotations

PLACE = ("x", "y", "z")
NORMAL = ("nx", "ny", "nz")  # always zero; some readers count on them
COLOUR = ("f_dc_0", "f_dc_1", "f_dc_2")  # constant part of the spherical harmonics: red, green, blue
OPACITY = ("opacity",)  # logit
SCALE = ("scale_0", "scale_1", "scale_2")  # natural logarithm of a standard deviation
ROTATION = ("rot_0", "rot_1", "rot_2", "rot_3")  # quaternion w, x, y, z
CONSTANT_PART = 0.28209479177387814  # 1 / (2 sqrt(pi)): a colour is 0.5 plus this times f_dc


def rest(count: int) -> tuple[str, ...]:
    """Of the higher bands, `count` coefficients a colour: all of red first, then green, then blue."""
    return tuple(f"f_rest_{index}" for index in range(3 * count))


def header(splats: int, rest_count: int = 0) -> bytes:
    """What stands before the rows of little-endian float32, one row a splat, in this order of properties."""
    names = (*PLACE, *NORMAL, *COLOUR, *rest(rest_count), *OPACITY, *SCALE, *ROTATION)
    lines = ("ply", "format binary_little_endian 1.0", f"element vertex {splats}", *(f"property float {name}" for name in names), "end_header")
    return ("\n".join(lines) + "\n").encode("ascii")
