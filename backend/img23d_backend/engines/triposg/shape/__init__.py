"""From a cut-out to a mesh."""
