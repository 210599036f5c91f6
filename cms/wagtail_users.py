"""Wagtail's user administration for our user: an email and one name, no username, no password.

In INSTALLED_APPS `cms.wagtail_users.EditorUsersConfig` stands in the place of "wagtail.users".
People get their password, or a mailed code, from the one sign-in.
"""

from wagtail.users.apps import WagtailUsersAppConfig


class EditorUsersConfig(WagtailUsersAppConfig):
    user_viewset = "cms.editing.user_forms.EditorUserViewSet"
