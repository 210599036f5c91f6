from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"

    def ready(self) -> None:
        import events
        from identity import mail_choices
        from tenants import checks, event_types, leaving, receivers  # noqa: F401

        events.register(*event_types.ALL)
        mail_choices.register(
            mail_choices.Kind(
                "exports", "Archives", "The archive of a workspace that I asked for is ready."
            ),
            mail_choices.Kind(
                "domains", "Domains", "A domain of a workspace that I own begins to work, or stops."
            ),
        )
