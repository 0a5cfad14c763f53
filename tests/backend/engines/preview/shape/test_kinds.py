"""Which kind of solid the preview engine makes of a cut-out: outlines that look turned, with colours that say otherwise."""

from __future__ import annotations

import cv2
import lit_bodies
import numpy as np
import pytest
from drawn import SUB, blank, ellipse, in_pixels, polygon, shape_of, soft

from img23d_protocol.messages import ShapeKind


def _head() -> np.ndarray:
    """A face with two ears, as of a cat."""
    image = blank(260, 240)
    ellipse(image, 120, 145, 95, 85)
    for x in (60, 180):
        polygon(image, [(x - 35, 100), (x - (120 - x) // 4, 20), (x + 35, 100)])
    return soft(image)


def _mushroom_head() -> np.ndarray:
    """A wide head above a narrow chin: turned, it would be a mushroom."""
    image = blank(260, 280)
    ellipse(image, 140, 105, 125, 40)
    ellipse(image, 140, 90, 80, 75)
    polygon(image, [(105, 120), (175, 120), (165, 240), (115, 240)])
    return soft(image)


def _face_colours(size: tuple[int, int], *, contrast: float = 1.0) -> np.ndarray:
    """Fur with two eyes, a nose and whiskers, lit from the left."""
    height, width = size
    picture = np.full((height * SUB, width * SUB, 3), (176, 130, 84), np.float32)
    middle, eyes = width // 2, int(height * 0.5)

    def spot(x: int, y: int, rx: int, ry: int, colour: tuple[int, int, int]) -> None:
        cv2.ellipse(picture, (x * SUB, y * SUB), (rx * SUB, ry * SUB), 0, 0, 360, colour, -1)

    for side in (-1, 1):
        spot(middle + side * 38, eyes, 20, 24, (240, 236, 190))
        spot(middle + side * 38, eyes, 8, 20, (20, 20, 20))
        spot(middle + side * 40, eyes + 50, 30, 20, (245, 240, 235))
    spot(middle, eyes + 34, 10, 8, (190, 90, 90))
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    small = small.mean(axis=(0, 1)) + contrast * (small - small.mean(axis=(0, 1)))
    light = 1.1 - 0.35 * np.arange(width) / width
    noise = np.random.default_rng(1).normal(0, 3, small.shape)
    return np.clip(small * light[None, :, None] + noise, 0, 255).astype(np.uint8)


def _pot() -> np.ndarray:
    image = blank(280, 240)
    ellipse(image, 120, 160, 95, 90)
    polygon(image, [(80, 30), (160, 30), (160, 120), (80, 120)])
    ellipse(image, 120, 30, 40, 8)
    return soft(image)


def _pot_colours(size: tuple[int, int]) -> np.ndarray:
    """Glaze in three bands that sag as rings seen from above do, a window's reflection on the left, shading to the right."""
    height, width = size
    y, x = np.mgrid[:height, :width].astype(np.float32)
    across = np.clip((x - width / 2) / 95, -1, 1)
    ring = y - 14 * np.sqrt(1 - across**2)
    picture = np.full((height, width, 3), (150, 70, 50), np.float32)
    picture[(ring > 110) & (ring < 135)] = (225, 205, 160)
    picture[(ring > 165) & (ring < 180)] = (60, 70, 110)
    picture *= (1.05 - 0.5 * (across - -0.3) ** 2)[..., None]
    picture[130:165, 70:90] = 245
    noise = np.random.default_rng(1).normal(0, 3, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _print_colours(size: tuple[int, int]) -> np.ndarray:
    """A white glaze with a flower on one side."""
    picture = np.full((*size, 3), 228, np.float32)
    across = np.clip((np.arange(size[1]) - 120) / 95, -1, 1)
    picture *= (1 - 0.4 * across**2)[None, :, None]
    for angle in range(0, 360, 60):
        at = (int(160 + 18 * np.cos(np.radians(angle))), int(150 + 18 * np.sin(np.radians(angle))))
        cv2.circle(picture, at, 11, (200, 60, 90), -1)
    return picture.astype(np.uint8)


@pytest.mark.parametrize("draw", [_head, _mushroom_head])
@pytest.mark.parametrize("contrast", [1.0, 0.7])
def test_a_face_is_not_turned(draw: object, contrast: float) -> None:
    alpha = draw()
    made = shape_of(alpha, rgb=_face_colours(alpha.shape, contrast=contrast))
    assert "Blown up" in made.note
    assert "axis" in shape_of(alpha).note  # by the outline alone it would be


@pytest.mark.parametrize("colours", [_pot_colours, _print_colours], ids=["bands and a reflection", "a print on one side"])
def test_a_painted_pot_is_turned(colours: object) -> None:
    alpha = _pot()
    made = shape_of(alpha, rgb=colours(alpha.shape))
    assert "Turned about its upright axis" in made.note


def test_the_kind_that_the_artist_chose_wins_over_the_colours() -> None:
    alpha = _head()
    assert "Turned" in shape_of(alpha, rgb=_face_colours(alpha.shape), kind=ShapeKind.REVOLVE).note


def test_the_same_outline_in_other_colours_is_shaped_anew() -> None:
    from drawn import cutout

    from img23d_backend.engines.preview.shape.shaper import OutlineShaper
    from img23d_backend.stages import Context
    from img23d_protocol.messages import Settings

    alpha, shaper = _head(), OutlineShaper()
    plain, face = (shaper.shape(cutout(alpha, rgb=rgb), Settings(), Context()) for rgb in (None, _face_colours(alpha.shape)))
    assert plain.note != face.note


def test_an_ellipse_that_lies_is_not_turned_into_a_ball() -> None:
    image = blank(160, 300)
    ellipse(image, 150, 80, 130, 70)
    made = shape_of(soft(image))
    deep = np.ptp(in_pixels(made).vertices[:, 2])
    assert deep < 1.3 * 140  # of its height; turned about the upright axis it would be 260


def test_a_cup_on_its_saucer_from_above_is_no_spinning_top() -> None:
    image = blank(240, 300)
    ellipse(image, 150, 150, 130, 62)
    polygon(image, [(80, 50), (220, 50), (195, 140), (105, 140)])
    ellipse(image, 150, 50, 70, 32)
    made = shape_of(soft(image))
    assert np.ptp(in_pixels(made).vertices[:, 2]) < 200  # turned about the upright axis it would be 260


def test_a_ball_is_turned_still() -> None:
    image = blank(220, 220)
    ellipse(image, 110, 110, 100, 95)
    assert "Turned" in shape_of(soft(image)).note


def test_a_heart_is_no_leaf() -> None:
    """Of the two sharp corners of its outline one points inwards; a leaf's are its tips."""
    t = np.linspace(0, 2 * np.pi, 400)
    x, y = 16 * np.sin(t) ** 3, 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    image = blank(260, 280)
    polygon(image, list(zip(140 + 7 * x, 120 - 7 * y, strict=True)))
    assert "flat" not in shape_of(soft(image)).note


def _side(top: float, *, sag: float, tilt: float = 0.0) -> np.ndarray:
    """A side 160 wide and 200 high whose lower end sags by `sag` in its middle, or rises to the right by `tilt`."""
    x = np.linspace(-1, 1, 80)
    bend = sag * np.sqrt(1 - x**2)
    image = blank(280, 240)
    polygon(
        image,
        [(40 + 80 * (u + 1), top - tilt * (u + 1) / 2) for u in x]
        + [(40 + 80 * (u + 1), 230 + b - tilt * (u + 1) / 2) for u, b in zip(x[::-1], bend[::-1], strict=True)],
    )
    return soft(image)


def _lit_round(size: tuple[int, int]) -> np.ndarray:
    """A matt cylinder 160 wide in the light of a lamp 30 degrees to the left and a fainter one all around (Lambert's law)."""
    across = np.clip((np.arange(size[1]) - 120) / 80, -1, 1)
    cosine = np.cos(np.arcsin(across) + np.radians(30)).clip(0)
    return np.repeat((60 + 130 * cosine)[None, :, None], size[0], axis=0).repeat(3, axis=2).astype(np.uint8)


def _lit_flat(size: tuple[int, int]) -> np.ndarray:
    """A face that is a little nearer to the lamp on its left, with a frame printed on it."""
    picture = np.repeat((150 - 0.1 * np.arange(size[1]))[None, :, None], size[0], axis=0).repeat(3, axis=2)
    cv2.rectangle(picture, (60, 60), (180, 210), (220, 190, 60), 3)
    return picture.astype(np.uint8)


@pytest.mark.parametrize(("sag", "tilt", "colours", "said"), [
    (0, 0, _lit_round, "Turned"),
    (8, 0, _lit_round, "Turned"),
    (8, 0, None, "Turned"),
    (0, 0, _lit_flat, "flat"),
    (0, 18, _lit_flat, "flat"),
    (0, 18, _lit_round, "flat"),
], ids=["a can at the eye's height", "a can", "a grey can", "a board", "a book aslant", "a tilted end outweighs the light"])  # fmt: skip
def test_a_can_is_turned_and_a_book_is_flat(sag: float, tilt: float, colours: object, said: str) -> None:
    alpha = _side(30, sag=sag, tilt=tilt)
    assert said in shape_of(alpha, rgb=None if colours is None else colours(alpha.shape)).note


def test_the_same_kind_at_every_size() -> None:
    """A preview and the thing itself must not differ."""
    from img23d_backend.engines.preview.shape.forms import FormDrawer
    from img23d_backend.stages import Context, CutOut
    from img23d_protocol.messages import Settings

    for sag, colours, kind in ((0, _lit_round, ShapeKind.REVOLVE), (8, _lit_round, ShapeKind.REVOLVE), (0, _lit_flat, ShapeKind.FLAT)):
        alpha = _side(30, sag=sag)
        rgba = np.dstack([colours(alpha.shape), alpha])
        for factor in (0.4, 1, 3):
            scaled = cv2.resize(rgba, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
            forms = FormDrawer().draw(CutOut(rgba=scaled), Settings(), Context())
            assert forms.automatic is kind and set(forms.pictures) == set(ShapeKind)
            assert all(picture.shape == (256, 256, 4) and picture[..., 3].any() for picture in forms.pictures.values())


def _carved(size: tuple[int, int]) -> np.ndarray:
    """One colour, lit from ahead: dark hollows of two eyes and a mouth."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    light = 150 * np.sqrt(np.clip(1 - ((x - 120) / 100) ** 2 - ((y - 145) / 110) ** 2, 0.05, 1))
    for at, radii in (((82, 120), (18, 14)), ((158, 120), (18, 14)), ((120, 190), (34, 10))):
        hollow = np.exp(-(((x - at[0]) / radii[0]) ** 2) - ((y - at[1]) / radii[1]) ** 2)
        light *= 1 - 0.55 * hollow
    return np.repeat(light[..., None], 3, axis=2).astype(np.uint8)


def test_a_carved_head_of_one_colour_is_not_turned() -> None:
    image = blank(280, 240)
    ellipse(image, 120, 145, 90, 100)
    alpha = soft(image)
    assert "Turned" in shape_of(alpha).note
    assert "Blown up" in shape_of(alpha, rgb=_carved(alpha.shape)).note


def _note(rgba: np.ndarray) -> str:
    return shape_of(rgba[..., 3], rgb=rgba[..., :3]).note


@pytest.mark.parametrize("lamp", lit_bodies.LAMPS)
@pytest.mark.parametrize("degrees", [10, -10, 20])
def test_a_head_that_looks_aside_is_not_turned(degrees: float, lamp: str) -> None:
    """Its outline is still nearly that of a mushroom, and its eyes are no longer at the same distance from the axis."""
    rgba = lit_bodies.seen(lit_bodies.turned_by(lit_bodies.ape, degrees), lamp)
    assert "Turned" in shape_of(rgba[..., 3]).note  # by the outline alone
    assert "Blown up" in _note(rgba)


@pytest.mark.parametrize("lamp", lit_bodies.LAMPS)
@pytest.mark.parametrize("body", [lit_bodies.VASE, lit_bodies.MUSHROOM, lit_bodies.PAWN], ids=["vase", "mushroom", "pawn"])
def test_what_is_turned_is_turned_in_any_light(body: lit_bodies.Body, lamp: str) -> None:
    assert "Turned" in _note(lit_bodies.seen(body, lamp))


@pytest.mark.parametrize("paint", ["label", "letters", "grain"])
def test_black_and_white_paint_makes_no_head_of_what_is_turned(paint: str) -> None:
    rgba = lit_bodies.seen(lit_bodies.VASE, "from above")
    y, x = np.mgrid[: rgba.shape[0], : rgba.shape[1]]
    marks = {
        "label": (x > 85) & (x < 135) & (y > 80) & (y < 125),
        "letters": (x > 80) & (x < 130) & (y > 80) & (y < 125) & (y % 9 < 4) & (x % 7 < 5),
        "grain": cv2.GaussianBlur(np.random.default_rng(5).normal(0, 1, x.shape), (0, 0), 2.0) > 0.05,
    }[paint]
    rgba[..., :3][marks] //= 2 if paint == "grain" else 4
    assert "Turned" in _note(rgba)


def test_flat_can_be_chosen_for_anything() -> None:
    made = shape_of(_head(), kind=ShapeKind.FLAT, faces=20_000)
    assert made.kind is ShapeKind.FLAT and np.ptp(made.mesh.vertices[:, 2]) < 0.25 and "Flat" in made.note
    thicker = shape_of(_head(), kind=ShapeKind.FLAT, thickness=2.0)
    assert np.ptp(thicker.mesh.vertices[:, 2]) == pytest.approx(2 * np.ptp(made.mesh.vertices[:, 2]), rel=0.05)
