"""A mesh painted with its photo, and with further photos of its sides."""
