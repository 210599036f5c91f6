from django.urls import path

from tenants import views, waiting

app_name = "tenants"
urlpatterns = [
    path("members/", views.members, name="members"),
    path("members/invite/", views.invite, name="invite"),
    path("members/<int:membership_id>/remove/", views.remove_member, name="remove_member"),
    path(
        "members/invitations/<uuid:invitation_id>/withdraw/",
        views.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path("api-keys/", views.api_keys, name="api_keys"),
    path("api-keys/<uuid:key_id>/revoke/", views.revoke_api_key, name="revoke_api_key"),
    path("settings/", views.settings, name="settings"),
    path("preparing/", waiting.ready, name="preparing"),
    path("logout/", views.sign_out, name="logout"),
]
