"""TripoSR's networks, with the published weights' names."""
