"""The editor of Home Assistant's YAML files: off unless asked for, always behind a password, in one folder."""

PORT = 3218
