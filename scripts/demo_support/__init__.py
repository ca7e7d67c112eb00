"""What scripts/demo does: seed a Home Assistant, run it, and set HEMS up in it as a user would."""
