"""PartCrafter's network, with the published weights' names."""
