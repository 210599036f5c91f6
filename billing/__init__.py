"""Plans, Stripe and what a plan entitles to. The only app that imports stripe and djstripe."""
