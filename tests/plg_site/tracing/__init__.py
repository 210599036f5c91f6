import tests.stack.traces  # noqa: F401
