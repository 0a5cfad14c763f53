"""The 3D viewport: framing, selection, and what of it is free."""
