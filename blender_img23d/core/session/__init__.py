"""The session with the backend: requests, answers, deadlines, setting up."""
