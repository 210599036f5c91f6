"""/account/… on the site. Addresses and passwords are allauth's pages, second factors too."""

from allauth.mfa import urls as mfa_urls
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.cache import never_cache

from identity import standing
from identity.account import confirming, views

_pages = [
    path("", views.profile, name="profile"),
    path("again/", confirming.again, name="again"),
    path("sessions/", views.sessions, name="sessions"),
    path("sessions/end/", views.end_all_sessions, name="end_all_sessions"),
    path("sessions/<uuid:sign_in_id>/end/", views.end_session, name="end_session"),
    path("data/", views.data, name="data"),
    path("close/", views.close, name="close"),
    path("closed/", views.closed, name="closed"),
    path("second-factor/", confirming.second_factor_needed, name="second_factor_needed"),
]


def _never_kept(patterns: list[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    """allauth's pages show secrets and codes, and do not all forbid caches to keep them. What they
    change, they change while the account is held."""
    for each in patterns:
        if isinstance(each, URLResolver):
            _never_kept(each.url_patterns)
        else:
            each.callback = never_cache(standing.holding(each.callback))
    return patterns


urlpatterns = [
    path("", include((_pages, "identity_account"))),
    path("security/", include(_never_kept(mfa_urls.urlpatterns))),
]
