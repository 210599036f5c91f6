from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"

    def ready(self) -> None:
        import events
        from events import readers
        from identity import signing_in
        from tenants import (  # noqa: F401
            checks,
            event_types,
            numbers,
            outbound_part,
            pressure,
            receivers,
        )
        from tenants.accounts import leaving  # noqa: F401
        from tenants.accounts import receivers as of_accounts  # noqa: F401
        from tenants.hosts import closed, members_only
        from tenants.models import Status
        from tenants.pages import waiting
        from tenants.signing_up import holding  # noqa: F401
        from tenants.staff import workspace as of_staff
        from tenants.webhooks import READER
        from tenants.webhooks import stopping as of_webhooks  # noqa: F401

        events.register(*event_types.ALL)
        numbers.register()
        of_staff.register()
        closed.shown_by(Status.PREPARING, waiting.page)
        signing_in.vouch_for_targets(members_only.may_lead_to)
        outbound_part.register()
        pressure.register()
        readers.register(READER)
