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
            own_names,
            portability,
            purging,
            seats,
        )
        from metering.rollups import RollupProjection

        projections.register(RollupProjection())
        events.register(*event_types.ALL)
        own_names.register()
        portability.register()
        purging.register()
