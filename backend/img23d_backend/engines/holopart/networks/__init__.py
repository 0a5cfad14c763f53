"""HoloPart's network of its own, with the published weights' names."""
