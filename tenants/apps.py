from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"

    def ready(self) -> None:
        import events
        from identity import ways_out
        from tenants import (  # noqa: F401
            account_receivers,
            checks,
            event_types,
            holding,
            members_only,
            receivers,
        )

        events.register(*event_types.ALL)
        ways_out.vouch(members_only.may_lead_to)
