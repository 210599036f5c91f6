from django.apps import AppConfig


class PlgSiteConfig(AppConfig):
    name = "plg_site"
    verbose_name = "Composition root"

    def ready(self) -> None:
        # shared_task binds to this app in every process, web included.
        from django.conf import settings

        from cms import slots
        from events import heartbeats
        from identity import visits
        from plg_site import alive, celery, numbers, pressure, tracing  # noqa: F401
        from plg_site.configuration import checks  # noqa: F401
        from plg_site.doctor import numbers as of_doctor
        from plg_site.doctor import page

        heartbeats.register(beat=alive.beat, end=alive.end)
        numbers.register()
        of_doctor.register()
        page.register()
        pressure.register()
        if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
            tracing.turn_on()
        slots.register("whose", visits.whose)  # the website's visits belong to whoever is signed in
        slots.register("number", visits.number_of)
        slots.register("consent", visits.consent_of_banner)
