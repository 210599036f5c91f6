from django.apps import AppConfig


class ProductConfig(AppConfig):
    name = "product"
    verbose_name = "Signpost"

    def ready(self) -> None:
        import events
        from product import event_types

        events.register(*event_types.ALL)
