from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import events
        from billing import checks, event_types, purging, receivers, stripe_client  # noqa: F401
        from billing.pages import staff_panel
        from billing.reconciling import ours
        from billing.selling import free_workspaces, pricing  # noqa: F401
        from billing.webhooks import mirror
        from cms import slots

        events.register(*event_types.ALL)
        slots.register("pricing", pricing.public_plans)
        ours.register_ours()
        purging.register()
        staff_panel.register()
        stripe_client.configure()
        mirror.configure()
