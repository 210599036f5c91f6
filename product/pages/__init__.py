"""The pages that members of a workspace see."""
