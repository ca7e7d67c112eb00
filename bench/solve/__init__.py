"""How fast, how exact and how big the optimiser is: `scripts/bench solve`."""
