from django.apps import AppConfig


class MeteringConfig(AppConfig):
    name = "metering"

    def ready(self) -> None:
        import events
        from events import shedding, store
        from metering import checks, event_types  # noqa: F401
        from metering.life import deletion, importing, portability, purging  # noqa: F401
        from metering.pages import staff_panel
        from metering.quotas import seats  # noqa: F401
        from metering.rollups import RollupProjection
        from metering.wording import own_names
        from outbound import topics

        store.register_projection(RollupProjection())
        events.register(*event_types.ALL)
        topics.register(
            topics.Topic(
                "usage_alerts",
                topics.Kind.PRODUCT,
                label="Usage",
                text="A workspace that I own or manage comes near to a limit, or reaches it.",
                channels=("mail", "in_app"),
            )
        )
        shedding.register(
            shedding.Measure("alerts", 1, "Usage is compared with alerts every two minutes."),
            shedding.Measure("staff_usage", 2, "Staff see no usage of all workspaces."),
        )
        own_names.register()
        staff_panel.register()
        portability.register()
        purging.register()
