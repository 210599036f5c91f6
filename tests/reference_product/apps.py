from django.apps import AppConfig


class ReferenceProductConfig(AppConfig):
    name = "tests.reference_product"
    label = "reference_product"

    def ready(self) -> None:
        import events
        from metering import wording
        from tests.reference_product import event_types, named

        events.register(*event_types.ALL)
        wording.register_names("thing_id", label="Thing", find=named.things)
