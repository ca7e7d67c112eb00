"""The page of the engine for the people who run it: how it does, its last plans, its log."""
