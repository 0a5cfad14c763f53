"""What operators and dropped files set going, above the owner."""
