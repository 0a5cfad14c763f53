"""The cases of dual marching cubes, all 256 of them, against FlexiCubes' published tables.

The published tables are not here: what is known of them is the hash of their content in a form that does not depend on the order
in which they list things.
"""

from __future__ import annotations

import hashlib
import json

from img23d_backend.mesh.isosurface.flexicubes.tables import CORNERS, EDGES, case_tables, edge_groups

# Of [[edges of a vertex, rising], ... rising] of each case; of [is checked, x, y, z, case instead] of each, zeros where it is not
PUBLISHED_VERTICES = "78a38199432a6d0f09ada16130fbaa3115fdf043cf4e8dec4457929fb7f9eb65"
PUBLISHED_CHECKS = "15a06864c9aaeb3fa2cd788f052a812577853104052adb0a746d7314626ca4e3"


def digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def test_the_vertices_of_all_cases_are_the_published_ones() -> None:
    assert digest([sorted(sorted(group) for group in edge_groups(case)) for case in range(256)]) == PUBLISHED_VERTICES


def test_the_ambiguous_cases_are_the_published_ones() -> None:
    tables = case_tables()
    checks = [[1, *tables.towards[case].tolist(), 255 - case] if tables.is_ambiguous[case] else [0] * 5 for case in range(256)]
    assert digest(checks) == PUBLISHED_CHECKS
    assert int(tables.is_ambiguous.sum()) == 36


def test_each_cut_edge_has_one_vertex_and_each_vertex_three_edges_or_more() -> None:
    tables = case_tables()
    for case in range(256):
        cut = [(case >> a & 1) != (case >> b & 1) for a, b in EDGES]
        assert [number >= 0 for number in tables.vertex_of[case].tolist()] == cut
        assert tables.counts[case] == len(set(tables.vertex_of[case].tolist()) - {-1}) <= 4
        assert all(3 <= len(group) <= 7 for group in edge_groups(case))


def test_three_corners_around_a_corner_have_a_vertex_each() -> None:
    """Corners 1, 2 and 4 are the neighbours of corner 0, and none is another's."""
    assert edge_groups(0b10110) == [{0, 1, 9}, {2, 3, 11}, {4, 7, 8}]


def test_edges_join_corners_that_differ_in_one_axis() -> None:
    assert len({frozenset(edge) for edge in EDGES}) == 12
    assert all(sum(one != other for one, other in zip(CORNERS[a], CORNERS[b], strict=True)) == 1 for a, b in EDGES)
