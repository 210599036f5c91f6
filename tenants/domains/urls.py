from django.urls import path

from identity.account import confirmed_address
from tenants.domains import sign_in_views, views

app_name = "domains"
urlpatterns = [
    path("settings/domains/", views.domains, name="domains"),
    path("settings/domains/<uuid:claim_id>/", views.domain, name="domain"),
    path("settings/domains/<uuid:claim_id>/check/", views.check, name="check"),
    path("settings/domains/<uuid:claim_id>/primary/", views.primary, name="primary"),
    path("settings/domains/<uuid:claim_id>/remove/", views.remove, name="remove"),
    path("sign-in/", sign_in_views.sign_in, name="sign_in"),
    path("sign-in/callback/", sign_in_views.callback, name="callback"),
    path("sign-in/again/", confirmed_address, name="confirmed"),
    path("sign-in/out/", sign_in_views.signed_out, name="signed_out"),
]
