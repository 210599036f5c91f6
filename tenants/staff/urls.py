from django.urls import path

from tenants.staff import listing, messages, workspace

urlpatterns = [
    path("workspaces/", listing.workspaces, name="staff_workspaces"),
    path("workspaces/<uuid:pk>/", workspace.workspace, name="staff_workspace"),
    path("workspaces/<uuid:pk>/suspend/", listing.suspend, name="staff_suspend"),
    path("workspaces/<uuid:pk>/resume/", listing.resume, name="staff_resume"),
    path("messages/", messages.messages, name="staff_messages"),
    path("messages/<uuid:pk>/again/", messages.again, name="staff_message_again"),
]
