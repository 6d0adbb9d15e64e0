"""What a node shares with other machines: a second box, Kafka."""
