"""On a workspace's host below /notifications/, on the site below /account/notifications/."""

from django.urls import path

from outbound.bell import pages

app_name = "notifications"
urlpatterns = [
    path("", pages.notifications, name="list"),
    path("panel/", pages.panel, name="panel"),
    path("news/", pages.news, name="news"),
    path("reading/", pages.read_all, name="read_all"),
    path("<uuid:notification_id>/reading/", pages.reading, name="reading"),
    path("<uuid:notification_id>/dismissal/", pages.dismissal, name="dismissal"),
]
