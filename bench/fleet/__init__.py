"""`scripts/bench fleet`: many homes at one broker and one database of a fleet."""

from .. import ingest as ingest  # puts the agent's package and scripts/ on the path
