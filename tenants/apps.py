from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"

    def ready(self) -> None:
        import events
        from identity import ways_out
        from outbound import gates, topics
        from tenants import (  # noqa: F401
            account_receivers,
            checks,
            event_types,
            holding,
            leaving,
            members_only,
            outbound_part,
            receivers,
        )

        events.register(*event_types.ALL)
        ways_out.vouch(members_only.may_lead_to)
        gates.register(outbound_part.workspace_is_shut)
        topics.register(*outbound_part.TOPICS)
