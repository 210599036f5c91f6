from django.apps import AppConfig


class MeteringConfig(AppConfig):
    name = "metering"

    def ready(self) -> None:
        from events import projections
        from metering import checks  # noqa: F401 (registers the checks)
        from metering.rollup import RollupProjection

        projections.register(RollupProjection())
