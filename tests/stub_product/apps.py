from django.apps import AppConfig


class StubProductConfig(AppConfig):
    name = "tests.stub_product"
    label = "stub_product"

    def ready(self) -> None:
        import events
        from tests.stub_product import event_types

        events.register(*event_types.ALL)
