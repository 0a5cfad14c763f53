"""Commands of operators and of dropped files, above the owner."""
