from django.apps import AppConfig


class ProductConfig(AppConfig):
    name = "product"
    verbose_name = "Signpost"

    def ready(self) -> None:
        import events
        from metering import names
        from product import event_types, named

        events.register(*event_types.ALL)
        names.register("link_id", label="Link", find=named.links)
        names.register("file_id", label="File", find=named.files)
