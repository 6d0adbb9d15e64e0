"""Devices of households and posts, and what people answer."""
