"""What every request passes and every answer carries, whichever app made it."""
