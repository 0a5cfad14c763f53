"""A mask of several parts, painted with strokes."""
