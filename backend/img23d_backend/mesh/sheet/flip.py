"""Flip edges of a sheet until its lifted triangles are Delaunay-like."""

from __future__ import annotations

import numpy as np

from .sheet import MIN_AREA, Edges, Sheet, find_edges, plane_area


def flip_edges(sheet: Sheet) -> int:
    """One round of flips that raise the sum of cotangents across an edge; returns how many."""
    edges = find_edges(sheet.faces, len(sheet.points))
    inner = np.flatnonzero(edges.right >= 0)
    a, b = edges.ends[inner].T
    c, d = edges.left_tip[inner], edges.right_tip[inner]
    flat = sheet.points
    unfolds = (plane_area(flat[c], flat[a], flat[d]) > MIN_AREA) & (plane_area(flat[c], flat[d], flat[b]) > MIN_AREA)
    solid = sheet.solid_points()
    gain = -(_cotangent(solid[c], solid[a], solid[b]) + _cotangent(solid[d], solid[a], solid[b]))
    chord_now, chord_then = sheet.rim[a] & sheet.rim[b], sheet.rim[c] & sheet.rim[d]
    gain = np.where(chord_now & ~chord_then, 10.0, np.where(chord_then & ~chord_now, -1.0, gain))
    wanted = np.flatnonzero((gain > 0.05) & unfolds)
    wanted = wanted[~_known(edges, c[wanted], d[wanted], len(flat))]
    wanted = wanted[np.argsort(gain[wanted], kind="stable")]
    left, right = edges.left[inner[wanted]], edges.right[inner[wanted]]
    owner = np.full(len(sheet.faces), -1)
    rank = np.arange(len(wanted))
    owner[np.column_stack([left, right]).ravel()] = np.repeat(rank, 2)
    won = (owner[left] == rank) & (owner[right] == rank)
    chosen = wanted[won]
    sheet.faces[left[won]] = np.column_stack([c[chosen], a[chosen], d[chosen]])
    sheet.faces[right[won]] = np.column_stack([c[chosen], d[chosen], b[chosen]])
    return len(chosen)


def _known(edges: Edges, a: np.ndarray, b: np.ndarray, vertex_count: int) -> np.ndarray:
    """Whether there is an edge between two vertices already (the edges are sorted by their ends)."""
    known = edges.ends.min(axis=1) * vertex_count + edges.ends.max(axis=1)
    key = np.minimum(a, b) * vertex_count + np.maximum(a, b)
    return known[np.minimum(np.searchsorted(known, key), len(known) - 1)] == key


def _cotangent(tip: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    u, v = a - tip, b - tip
    dot = np.einsum("ij,ij->i", u, v)
    squared_sine = np.einsum("ij,ij->i", u, u) * np.einsum("ij,ij->i", v, v) - dot**2
    return dot / np.sqrt(np.maximum(squared_sine, 1e-24))
