"""What spans several resources: subscribing, invoicing, paying, changing, ending."""
