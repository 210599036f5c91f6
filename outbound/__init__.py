"""What leaves: see README.md."""
