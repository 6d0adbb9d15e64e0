"""Numbers for Prometheus: one registry per node, every name documented in docs/operating.md."""

from warnstream.adapters.metrics.metrics import Metrics

__all__ = ["Metrics"]
