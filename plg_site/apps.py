from django.apps import AppConfig


class PlgSiteConfig(AppConfig):
    name = "plg_site"
    verbose_name = "Composition root"

    def ready(self) -> None:
        # shared_task binds to this app in every process, web included.
        from plg_site import celery  # noqa: F401
