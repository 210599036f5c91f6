"""Under the names that allauth's views use among themselves: idp:oidc:…"""

from allauth.idp.oidc import views as allauth_views
from django.urls import include, path

from identity.oidc import views

_oidc = [
    path(".well-known/openid-configuration", views.configuration, name="configuration"),
    path(".well-known/jwks.json", allauth_views.jwks, name="jwks"),
    path("identity/o/authorize", views.authorize, name="authorization"),
    path("identity/o/logout", views.logout, name="logout"),
    path("identity/o/api/token", views.token, name="token"),
    path("identity/o/api/revoke", allauth_views.revoke, name="revoke"),
    path("identity/o/api/userinfo", views.user_info, name="userinfo"),
]
app_name = "idp"
urlpatterns = [path("", include((_oidc, "oidc"), namespace="oidc"))]
