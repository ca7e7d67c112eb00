"""From entities of Home Assistant to values of the core.

```
states ──── measurements.py ── readings.py ──► Live       (every tick, no I/O)
attributes ─ prices/ ─┐
actions ──── prices/ ─┼─ outlook.py ─────────► Outlook    (every plan)
statistics ─ history.py ─ core.forecast ─┤
past ── sun, visits, published, load ────┘           (kept over restarts; the load by the engine)
```

Units and signs are converted here and nowhere else. A value that is missing, not a number, stale or absurd is
None and named in the health; nothing is guessed.
"""
