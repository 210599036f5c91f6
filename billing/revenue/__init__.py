"""What workspaces pay by the month, how that moved, and the numbers about it for staff."""
