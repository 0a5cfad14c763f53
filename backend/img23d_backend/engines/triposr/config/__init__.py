"""What is told of the networks by the file beside their weights."""
