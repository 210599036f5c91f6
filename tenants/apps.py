from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"

    def ready(self) -> None:
        import events
        from tenants import checks, event_types, leaving, receivers  # noqa: F401

        events.register(*event_types.ALL)
