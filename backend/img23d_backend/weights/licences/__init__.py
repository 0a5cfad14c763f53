"""What a repository's page says of its licence, against what the registry says."""
