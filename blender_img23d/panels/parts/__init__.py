"""The panel of parts."""
