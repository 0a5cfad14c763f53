"""A surface from distances at a grid's corners (Shen et al., Flexible Isosurface Extraction, 2023), at those cubes only that it runs through."""
