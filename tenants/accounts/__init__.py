"""What workspaces do when an account of one of their people changes or ends."""
