from django.apps import AppConfig


class CmsConfig(AppConfig):
    name = "cms"
    label = "cms"
    verbose_name = "Website"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import events
        from cms import files, publishing, redirect_circles, redirects, reserved
        from cms.event_types import EVENT_TYPES

        events.register(*EVENT_TYPES)
        reserved.connect()
        files.connect()
        redirects.connect()
        redirect_circles.connect()
        publishing.connect()
