"""The two bases of everything that travels between the integration and the engine."""

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class Value:
    """A frozen value with one strict reading: no unknown field, no guessed type, no NaN."""

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}


class Kinded(Value):
    """A family of values told apart by `kind`; a field typed as the base accepts every subclass.

    A new kind is a new frozen dataclass with its own `kind` default: neither this class nor the
    messages that carry the family change.
    """

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A union tagged by `kind` for a base, the plain dataclass schema for a leaf."""
        leaves = {kind: handler.generate_schema(leaf) for kind, leaf in _leaves(cls)}
        return core_schema.tagged_union_schema(leaves, discriminator="kind") if leaves else handler(source)


def _leaves(base: type) -> Iterator[tuple[str, type]]:
    """Each kind below `base`; `slots=True` makes a class twice, and only the second has slots of its own."""
    subclasses: list[type] = base.__subclasses__()
    for subclass in subclasses:
        yield from _leaves(subclass)
        field = getattr(subclass, "__dataclass_fields__", {}).get("kind")
        if field is not None and "__slots__" in vars(subclass):
            yield field.default, subclass
