"""TripoSG's networks, which AutoPartGen, HoloPart and PartCrafter have as well, with the published weights' names."""
