from django.apps import AppConfig


class MeteringConfig(AppConfig):
    name = "metering"

    def ready(self) -> None:
        import events
        from events import projections
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
        from outbound import topics

        projections.register(RollupProjection())
        events.register(*event_types.ALL)
        topics.register(
            topics.Topic(
                "usage_alerts",
                topics.Kind.PRODUCT,
                label="Usage",
                text="A workspace that I own or manage comes near to a limit, or reaches it.",
            )
        )
        own_names.register()
        portability.register()
        purging.register()
