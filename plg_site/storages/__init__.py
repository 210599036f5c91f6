"""Files in a bucket that all machines share, behind Django's storages. STORAGES names what is here."""
