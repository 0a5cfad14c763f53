"""A soft alpha from a hard mask: how much of each edge pixel belongs to the thing."""

from __future__ import annotations

import cv2
import numpy as np

from .pyramid import pull_push, weighted

_TELLING = 28.0  # 8-bit sRGB units between thing and backdrop from which the colours decide rather than the outline
_RIM_REACH = 4.0  # pixels along the outline over which the rim's colours are averaged
_STEEPEST = 3  # power of the squared slope: so that the steepest pixels count alone
_RIM_SURE, _RIM_LEAST = 0.97, 0.45  # a share above the first is taken for the whole, one below the second is not believed
_SMOOTH_SIDE = 640  # pixels: the size at which colours are carried across the edge


def soften(rgb: np.ndarray, inside: np.ndarray, width: float) -> np.ndarray:
    """Alpha (H, W) float32 0..1 of a hard mask `inside` (H, W) bool that may be wrong by up to `width` pixels.

    Within the doubtful band an edge pixel is taken as a mix I = a F + (1 - a) B of the sure colours on either side,
    which gives a = (I - B)(F - B) / |F - B|^2; where those two are alike, the outline itself, smoothed, decides.
    """
    distance = signed_distance(inside)
    band = np.abs(distance) < width + 2
    front = _sure_colours(rgb, inside, distance, width)[band]
    behind = _sure_colours(rgb, ~inside, -distance, width)[band]
    mixed, trust = _mix(rgb[band].astype(np.float32), front, behind)
    alpha = inside.astype(np.float32)
    alpha[band] = mixed
    mixed = np.minimum(mixed / _rim_share(alpha, band, trust), 1)
    alpha[band] = _stretched(_agreeing(mixed, trust, distance[band], width))
    return alpha


def signed_distance(inside: np.ndarray) -> np.ndarray:
    """(H, W) float32 pixels to the outline, positive inside."""
    mask = inside.astype(np.uint8)
    within = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    without = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 3)
    return np.where(inside, within - 0.5, 0.5 - without)


def _mix(image: np.ndarray, front: np.ndarray, behind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N,) each: the front's part in N colours (N, 3), and how far the two sides' difference makes that trustworthy."""
    across = front - behind
    length = np.einsum("ij,ij->i", across, across)
    mixed = np.einsum("ij,ij->i", image - behind, across) / np.maximum(length, 1.0)
    return np.clip(mixed, 0, 1), length / (length + _TELLING**2)


def _rim_share(mixed: np.ndarray, band: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """(N,) for the band's N pixels: the front's part in the thing's own rim, 1 unless that mirrors what is behind it.

    A glossy thing mirrors its surroundings at grazing angles (Fresnel), so its colours fade towards the backdrop's before
    its outline. But across the outline itself they change fastest, and there half of the rim's own part is seen. `mixed`
    (H, W) is the front's part in the band, and 0 or 1 beyond.
    """
    across, down = cv2.Sobel(mixed, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(mixed, cv2.CV_32F, 0, 1, scale=0.125)
    weight = np.zeros_like(mixed)
    weight[band] = trust * (across[band] ** 2 + down[band] ** 2) ** _STEEPEST
    total = cv2.GaussianBlur(weight, (0, 0), _RIM_REACH)[band]
    half = cv2.GaussianBlur(weight * mixed, (0, 0), _RIM_REACH)[band]
    share = 2 * half / np.maximum(total, 1e-12)
    return np.where(total > 1e-9, np.clip(share / _RIM_SURE, _RIM_LEAST, 1), 1)


def _agreeing(mixed: np.ndarray, trust: np.ndarray, distance: np.ndarray, width: float) -> np.ndarray:
    """(N,) alpha by colour or by outline, whichever can be trusted, in agreement with the distance to the hard outline."""
    outline = np.clip(0.5 + distance / 1.6, 0, 1)
    alpha = trust * mixed + (1 - trust) * outline
    return np.clip(alpha, np.clip(distance / (width + 1), 0, 1), np.clip(1 + (distance + 1) / (width + 1), 0, 1))


def _sure_colours(rgb: np.ndarray, side: np.ndarray, depth: np.ndarray, width: float) -> np.ndarray:
    """(H, W, 3) float32 colours of one side carried into the band; thin parts, nowhere deep, use their own middle."""
    ridge = cv2.dilate(np.maximum(depth, 0), np.ones((3, 3), np.uint8)) <= depth
    sure = (side & ((depth > width + 0.6) | (ridge & (depth > 0.9)))).astype(np.uint8)
    height, wide = sure.shape
    shrink = max(1.0, max(sure.shape) / _SMOOTH_SIDE)  # what is carried is smooth: no need for every pixel
    size = (max(1, round(wide / shrink)), max(1, round(height / shrink)))
    shown = cv2.resize(cv2.copyTo(rgb, sure), size, interpolation=cv2.INTER_AREA).astype(np.float32)
    share = cv2.resize(sure.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    sigma = (width + 0.5) / shrink
    near = cv2.GaussianBlur(share, (0, 0), sigma)
    local = weighted(cv2.GaussianBlur(shown, (0, 0), sigma), 1 / np.maximum(near, 1e-4))
    carried = pull_push(local, np.minimum(near * 20, 1))
    return carried if size == (wide, height) else cv2.resize(carried, (wide, height), interpolation=cv2.INTER_LINEAR)


def _stretched(alpha: np.ndarray) -> np.ndarray:
    """The last few percent, which are noise, become nothing or all."""
    return np.clip((alpha - 0.03) / 0.94, 0, 1)
