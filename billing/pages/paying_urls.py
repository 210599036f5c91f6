"""Addresses of what a workspace pays with, owes, and is invoiced."""

from django.urls import path

from billing.pages import (
    card_views,
    details_views,
    ending_views,
    invoice_views,
    payment_views,
    portal_views,
)

urlpatterns = [
    path("payment/", payment_views.payment, name="payment"),
    path("payment/card/", payment_views.with_another_card, name="pay_with_another_card"),
    path("payment/return/", payment_views.come_back, name="payment_return"),
    path("payment-methods/", card_views.cards, name="cards"),
    path("payment-methods/new/", card_views.add, name="add_card"),
    path("payment-methods/return/", card_views.come_back, name="card_return"),
    path("payment-methods/<str:card>/default/", card_views.charge, name="charge_card"),
    path("payment-methods/<str:card>/removal/", card_views.remove, name="remove_card"),
    path("details/", details_views.details, name="details"),
    path("details/tax-id/", details_views.give_tax_id, name="give_tax_id"),
    path("details/tax-id/<str:tax_id>/removal/", details_views.remove_tax_id, name="remove_tax_id"),
    path("contacts/", details_views.add_contact, name="add_contact"),
    path("contacts/<int:contact_id>/removal/", details_views.remove_contact, name="remove_contact"),
    path("invoices/", invoice_views.invoices, name="invoices"),
    path("invoices/<str:invoice_id>/", invoice_views.invoice, name="invoice"),
    path("invoices/<str:invoice_id>/pdf/", invoice_views.pdf, name="invoice_pdf"),
    path("cancellation/", ending_views.cancellation, name="cancellation"),
    path("cancellation/offer/", ending_views.take_offer, name="take_offer"),
    path("portal/", portal_views.visit, name="portal"),
    path("portal/return/", portal_views.come_back, name="portal_return"),
]
