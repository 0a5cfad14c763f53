"""What is told of the networks by the files beside their weights."""
