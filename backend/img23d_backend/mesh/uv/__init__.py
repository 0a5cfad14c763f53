"""UV layouts: faces into charts, charts laid flat, charts packed into one square."""
