"""Mounted at /usage/ on a workspace's host."""

from django.urls import path

from metering import views

app_name = "metering"
urlpatterns = [
    path("", views.usage, name="usage"),
    path("live/", views.usage_live, name="usage-live"),
    path("live/address/", views.live_address, name="live-address"),
]
