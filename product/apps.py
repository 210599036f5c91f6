from django.apps import AppConfig


class ProductConfig(AppConfig):
    name = "product"
    verbose_name = "Signpost"

    def ready(self) -> None:
        import events
        from metering import wording
        from product import event_types, named

        events.register(*event_types.ALL)
        wording.register_names("link_id", label="Link", find=named.links)
        wording.register_names("file_id", label="File", find=named.files)
