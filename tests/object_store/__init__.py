"""A bucket for tests: moto's server on loopback, in a virtual environment of its own."""
