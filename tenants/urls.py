from django.urls import path

from tenants.pages import (
    api_keys,
    audit,
    danger,
    export,
    general,
    members,
    ownership,
    sign_out,
    waiting,
    webhooks,
)

app_name = "tenants"
urlpatterns = [
    path("members/", members.members, name="members"),
    path("members/invite/", members.invite, name="invite"),
    path("members/leave/", members.leave, name="leave"),
    path("members/<int:membership_id>/remove/", members.remove_member, name="remove_member"),
    path("members/<int:membership_id>/role/", members.change_role, name="change_role"),
    path(
        "members/invitations/<uuid:invitation_id>/again/",
        members.invite_again,
        name="invite_again",
    ),
    path(
        "members/invitations/<uuid:invitation_id>/withdraw/",
        members.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path("members/doors/", members.open_door, name="open_door"),
    path("members/doors/<int:door_id>/check/", members.check_door, name="check_door"),
    path("members/doors/<int:door_id>/close/", members.close_door, name="close_door"),
    path("members/offer/", ownership.offer, name="offer"),
    path("members/offer/withdraw/", ownership.withdraw, name="withdraw_offer"),
    path("members/offer/accept/", ownership.accept, name="accept_offer"),
    path("members/offer/decline/", ownership.decline, name="decline_offer"),
    path("api-keys/", api_keys.api_keys, name="api_keys"),
    path("api-keys/<uuid:key_id>/holder/", api_keys.hand_over, name="hand_over_api_key"),
    path("api-keys/<uuid:key_id>/revoke/", api_keys.revoke_api_key, name="revoke_api_key"),
    path("settings/", general.general, name="settings"),
    path("settings/address/", general.move, name="move"),
    path("settings/audit/", audit.audit, name="audit"),
    path("settings/audit/audit-log.csv", audit.audit_csv, name="audit_csv"),
    path("settings/export/", export.export, name="export"),
    path("settings/export/live/", export.export_live, name="export_live"),
    path(
        "settings/export/<uuid:export_id>/download/", export.download_export, name="download_export"
    ),
    path("settings/export/<uuid:export_id>/remove/", export.remove_export, name="remove_export"),
    path("settings/webhooks/", webhooks.webhooks, name="webhooks"),
    path("settings/webhooks/<uuid:endpoint_id>/", webhooks.webhook, name="webhook"),
    path(
        "settings/webhooks/<uuid:endpoint_id>/secret/",
        webhooks.roll_webhook_secret,
        name="roll_webhook_secret",
    ),
    path("settings/webhooks/<uuid:endpoint_id>/test/", webhooks.test_webhook, name="test_webhook"),
    path(
        "settings/webhooks/<uuid:endpoint_id>/pause/", webhooks.pause_webhook, name="pause_webhook"
    ),
    path(
        "settings/webhooks/<uuid:endpoint_id>/resume/",
        webhooks.resume_webhook,
        name="resume_webhook",
    ),
    path(
        "settings/webhooks/<uuid:endpoint_id>/remove/",
        webhooks.remove_webhook,
        name="remove_webhook",
    ),
    path("settings/delete/", danger.danger, name="danger"),
    path("settings/restore/", danger.restore, name="restore"),
    path("preparing/", waiting.ready, name="preparing"),
    path("logout/", sign_out.sign_out, name="logout"),
]
