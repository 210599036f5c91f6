"""What the tests of the platform run on (tests/which_product.py): as `bin/new-product` makes it."""
