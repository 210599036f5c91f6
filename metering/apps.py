from django.apps import AppConfig


class MeteringConfig(AppConfig):
    name = "metering"

    def ready(self) -> None:
        import events
        from events import projections
        from identity import mail_choices
        from metering import (  # noqa: F401
            checks,
            event_types,
            importing,
            life,
            own_names,
            portability,
            purging,
            seats,
        )
        from metering.rollups import RollupProjection

        projections.register(RollupProjection())
        events.register(*event_types.ALL)
        mail_choices.register(
            mail_choices.Kind(
                "usage_alerts",
                "Usage",
                "A workspace that I own or manage comes near to a limit, or reaches it.",
            )
        )
        own_names.register()
        portability.register()
        purging.register()
