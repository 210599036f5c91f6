from django.apps import AppConfig


class PlgSiteConfig(AppConfig):
    name = "plg_site"
    verbose_name = "Composition root"

    def ready(self) -> None:
        # shared_task binds to this app in every process, web included.
        from cms import slots
        from identity.persons import person_for
        from plg_site import (
            celery,  # noqa: F401
            pressure,
        )
        from plg_site.configuration import checks  # noqa: F401

        pressure.register()
        slots.register("person", person_for)  # the website's visits belong to whoever is signed in
