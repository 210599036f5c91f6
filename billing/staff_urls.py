from django.urls import path

from billing.pages import staff_grants, staff_money, staff_revenue

urlpatterns = [
    path("revenue/", staff_revenue.revenue, name="staff_revenue"),
    path("revenue/failed/", staff_revenue.failed_payments, name="staff_failed_payments"),
    path("revenue/trials/", staff_revenue.trials_ending, name="staff_trials_ending"),
    path("revenue/disputes/", staff_money.disputes, name="staff_disputes"),
    path("revenue/grants/", staff_grants.grants, name="staff_grants"),
    path(
        "revenue/subscriptions.csv",
        staff_revenue.subscriptions_csv,
        name="staff_subscriptions_csv",
    ),
    path("revenue/movements.csv", staff_revenue.movements_csv, name="staff_movements_csv"),
    path("workspaces/<uuid:pk>/money/", staff_money.money, name="staff_money"),
    path(
        "workspaces/<uuid:pk>/refunds/<slug:payment_id>/", staff_money.refund, name="staff_refund"
    ),
    path("workspaces/<uuid:pk>/grants/", staff_grants.of_workspace, name="staff_workspace_grants"),
    path(
        "workspaces/<uuid:pk>/grants/<slug:grant>/revocation/",
        staff_grants.revoke,
        name="staff_grant_revocation",
    ),
]
