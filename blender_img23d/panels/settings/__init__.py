"""Advanced settings."""
