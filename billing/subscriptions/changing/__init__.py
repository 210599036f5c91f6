"""A subscription changed: what it would cost, looked at and confirmed; at once, or when its period ends.

`wanted` what is asked for and when it comes · `codes` promotion codes · `asking` what Stripe says it costs ·
`offers` the signed offer that a person confirms · `scheduling` a change that waits · `making` the change
itself · `fitting` what the new plan has no room for · `spare_seats` what may be given back.
"""
