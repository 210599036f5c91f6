from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "events"

    def ready(self) -> None:
        from events import (
            checks,  # noqa: F401 (registers the checks)
            conf,
            event_types,
            health,
            numbers,
            pressure,
            registry,
        )

        registry.register(event_types.PRESSURE_CHANGED)
        pressure.register(
            pressure.Signal(
                "stream",
                "Stream of events, full",
                thresholds=(50, 75, 90),
                read=lambda: 100 * health.fill() if conf.stream_max_length() else None,
                unit="%",
            )
        )
        numbers.register()
