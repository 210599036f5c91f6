from django.urls import path

from billing.pages import staff_differences

urlpatterns = [
    path("differences/", staff_differences.differences, name=staff_differences.ROUTE),
]
