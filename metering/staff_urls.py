from django.urls import path

from metering.pages import staff_usage

urlpatterns = [path("usage/", staff_usage.usage, name="staff_usage")]
