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
        from events import shedding

        events.register(*EVENT_TYPES)
        shedding.register(
            shedding.Measure("previews", 2, "Editors see no previews."),
            shedding.Measure(
                "dynamic_pages",
                3,
                "Visitors who are not signed in get what is in the release, and nothing else.",
                retry_after=30,
            ),
        )
        reserved.connect()
        files.connect()
        redirects.connect()
        redirect_circles.connect()
        publishing.connect()
