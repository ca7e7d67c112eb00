"""The services of the Raspberry Pi stack as processes of this machine, from the stack's own files."""
