from django.apps import AppConfig


class CmsConfig(AppConfig):
    name = "cms"
    label = "cms"
    verbose_name = "Website"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import events
        from cms.changes import publishing
        from cms.event_types import EVENT_TYPES
        from cms.pages import reserved
        from cms.public import files, redirect_circles, redirects

        events.register(*EVENT_TYPES)
        reserved.connect()
        files.connect()
        redirects.connect()
        redirect_circles.connect()
        publishing.connect()
