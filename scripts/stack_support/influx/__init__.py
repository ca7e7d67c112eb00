"""An imitation of InfluxDB 2 with what HEMS uses of it, for machines without influxd."""

from .server import FakeInflux

__all__ = ["FakeInflux"]
