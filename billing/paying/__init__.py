"""How a workspace pays: cards, what is owed and how it is paid, whom the invoices are for and who gets
them."""
