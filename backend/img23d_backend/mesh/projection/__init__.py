"""A picture laid on the mesh that it shows."""
