"""Keys of a workspace's API, and who answers for them."""
