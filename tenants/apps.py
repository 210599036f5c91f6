from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"

    def ready(self) -> None:
        import events
        from identity import mail_choices, ways_out
        from tenants import (  # noqa: F401
            account_receivers,
            checks,
            event_types,
            holding,
            leaving,
            members_only,
            receivers,
        )

        events.register(*event_types.ALL)
        ways_out.vouch(members_only.may_lead_to)
        mail_choices.register(
            mail_choices.Kind(
                "exports", "Archives", "The archive of a workspace that I asked for is ready."
            ),
            mail_choices.Kind(
                "domains", "Domains", "A domain of a workspace that I own begins to work, or stops."
            ),
        )
