"""Numbers as people and automations see them."""


def rounded(value: float, digits: int) -> float:
    """Without the noise behind its digits, and without the sign that a zero keeps of it: never -0.0."""
    return round(value, digits) + 0.0
