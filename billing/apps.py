from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import events
        from billing import (  # noqa: F401
            checks,
            event_types,
            free_workspaces,
            mirror,
            pricing,
            purging,
            receivers,
            stripe_client,
            webhooks,
        )
        from cms import slots

        events.register(*event_types.ALL)
        slots.register("pricing", pricing.public_plans)
        purging.register()
        stripe_client.configure()
        mirror.configure()
