"""The billing pages of a workspace."""
