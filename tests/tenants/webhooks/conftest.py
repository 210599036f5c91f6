from tests.outbound.webhooks.conftest import endpoint, made, program

__all__ = ["endpoint", "made", "program"]
