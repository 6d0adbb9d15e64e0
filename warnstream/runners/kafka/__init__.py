"""Many machines: a county's log is a partition of Kafka, written by a bridge and judged by workers."""
