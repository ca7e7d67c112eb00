"""Home Assistant finds the integration here; in tests it is imported from here."""
