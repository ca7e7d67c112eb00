"""The access point of a home: a network of its own for devices, through the host's NetworkManager."""

ROUND_S = 30.0
"""Between two looks at the access point."""
