"""The forms of HEMS: tables of fields, what they check, and one small flow for each asset kind.

```
fields.py    a field of a form and of what is stored, and how one becomes the other
entities.py  which entities fit a field
problems.py  what is wrong with an input, as an error that can be translated
assets.py    the fields of each asset kind        subentry.py  the flow that shows them
site.py      the fields of the home               engine.py    where plans are made, tried before it is stored
example.py   the simulated home
```
"""
