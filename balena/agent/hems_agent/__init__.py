"""The agent of a home: secrets, provisioning, telemetry and the health of the stack."""
