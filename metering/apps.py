from django.apps import AppConfig


class MeteringConfig(AppConfig):
    name = "metering"

    def ready(self) -> None:
        from events import projections
        from metering import checks, seats  # noqa: F401 (register checks and receivers)
        from metering.rollup import RollupProjection

        projections.register(RollupProjection())
