"""A closed mesh from an outline and a depth; of the preview's shapes only."""
