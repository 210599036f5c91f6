"""The pages of a workspace's settings."""
