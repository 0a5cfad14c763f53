"""The outline of a cut-out, and the planes that end it."""
