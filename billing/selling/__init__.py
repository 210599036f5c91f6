"""What is for sale, what it costs, and what it entitles to."""
