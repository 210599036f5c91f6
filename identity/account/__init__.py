"""The pages of one's own account, on the site."""
