"""What the environment and `site.toml` say, read once, and what of it would be unsafe."""
