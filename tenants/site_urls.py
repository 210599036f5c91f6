from django.urls import path

from tenants.pages import bringing, site_life, site_views
from tenants.signing_up.signup import WorkspaceSignupView, place

app_name = "tenants_site"
urlpatterns = [
    path("signup/", WorkspaceSignupView.as_view(), name="signup"),
    path("signup/place/", place, name="signup_place"),
    path("go/", site_views.go, name="go"),
    path("workspaces/", site_views.workspaces, name="workspaces"),
    path("workspaces/import/", bringing.bring, name="bring"),
    path("workspaces/import/<uuid:import_id>/", bringing.brought, name="brought"),
    path("workspaces/<uuid:tenant_id>/join/", site_life.join_by_door, name="join_by_door"),
    path("workspaces/<uuid:tenant_id>/restore/", site_life.restore_own, name="restore_own"),
    path("workspaces/restore/<str:token>/", site_life.restore, name="restore"),
    path("invitations/<str:secret>/", site_views.invitation, name="invitation"),
    path("invitations/<str:secret>/join/", site_views.join, name="join"),
]
