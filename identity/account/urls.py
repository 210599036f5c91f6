"""/account/… on the site. Addresses and passwords are allauth's pages, second factors too."""

from django.urls import include, path

from identity.account import confirming, views

_pages = [
    path("", views.profile, name="profile"),
    path("again/", confirming.again, name="again"),
    path("sessions/", views.sessions, name="sessions"),
    path("sessions/end/", views.end_all_sessions, name="end_all_sessions"),
    path("sessions/<uuid:sign_in_id>/end/", views.end_session, name="end_session"),
    path("mails/", views.mails, name="mails"),
    path("data/", views.data, name="data"),
    path("close/", views.close, name="close"),
    path("closed/", views.closed, name="closed"),
    path("second-factor/", confirming.second_factor_needed, name="second_factor_needed"),
]
urlpatterns = [
    path("", include((_pages, "identity_account"))),
    path("security/", include("allauth.mfa.urls")),
]
