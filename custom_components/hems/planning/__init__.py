"""From measurements, outlook and wishes to the question that the engine answers.

Pure functions without Home Assistant: `build_request` is the whole of it. Whatever is missing or poor is
completed or left out, and named in the request's health.
"""

from .request import build_request
from .situation import Situation

__all__ = ["Situation", "build_request"]
