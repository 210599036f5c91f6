"""The tests of the website run on this product, and on Signpost's words."""

from product.website import website

__all__ = ["website"]
