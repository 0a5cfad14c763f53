"""Where a run's objects stand, and which object is whose."""
