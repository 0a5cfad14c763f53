"""The AI models: what is set up and what is missing."""
