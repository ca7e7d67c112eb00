"""The access point of a home: a network of its own for devices, through the host's NetworkManager."""
