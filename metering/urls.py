"""Mounted at /usage/ on a workspace's host."""

from django.urls import path

from metering.pages import limit_views, views

app_name = "metering"
urlpatterns = [
    path("", views.usage, name="usage"),
    path("live/", views.usage_live, name="usage-live"),
    path("live/address/", views.live_address, name="live-address"),
    path("limits/", limit_views.limits, name="limits"),
    path("limits/alerts/", limit_views.add_alert, name="add-alert"),
    path("limits/alerts/remove/", limit_views.remove_alert, name="remove-alert"),
    path("limits/own/", limit_views.set_own_limits, name="set-own-limits"),
    # Last: a meter must not be called "live" or "limits".
    path("<slug:key>/", views.meter, name="meter"),
    path("<slug:key>/live/", views.meter_live, name="meter-live"),
    path("<slug:key>/export.csv", views.export_csv, name="export"),
]
