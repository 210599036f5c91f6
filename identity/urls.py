"""allauth's addresses that ask more than it does; they stand before its own."""

from allauth.account import views
from django.urls import path, re_path

from identity import standing
from identity.pages import begun, codes
from identity.pages.link import LinkView
from identity.pages.own_addresses import AddressesView

urlpatterns = [
    path("login/", codes.SignInView.as_view(), name="account_login"),
    path("login/code/", codes.AskForCodeView.as_view(), name="account_request_login_code"),
    path("login/code/confirm/", codes.ConfirmCodeView.as_view(), name="account_confirm_login_code"),
    path("login/code/choose/", codes.choose, name="account_choose"),
    re_path(r"^confirm-email/(?P<key>[-:\w]+)/$", LinkView.as_view(), name="account_confirm_email"),
    path("email/", standing.holding(AddressesView.as_view()), name="account_email"),
    path(
        "password/change/",
        standing.holding(views.password_change),
        name="account_change_password",
    ),
    path("password/set/", standing.holding(views.password_set), name="account_set_password"),
    path("email/begun/", begun.begun, name="account_begun"),
    path("email/begun/<uuid:user_id>/", begun.other, name="account_begun_other"),
    path("email/joined/<uuid:merge_id>/undo/", begun.undo, name="account_undo_merge"),
]
