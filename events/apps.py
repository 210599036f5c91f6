from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "events"

    def ready(self) -> None:
        from events import checks, numbers  # noqa: F401 (registers the checks)

        numbers.register()
