from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"

    def ready(self) -> None:
        import events
        from identity import ways_out
        from tenants import checks, event_types, members_only, receivers  # noqa: F401

        events.register(*event_types.ALL)
        ways_out.vouch(members_only.may_lead_to)
