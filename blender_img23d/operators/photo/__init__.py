"""Operators of the photo: choosing, picking, boxes, brush strokes."""
