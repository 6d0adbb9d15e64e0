"""Kafka as the log of many counties: topics and their forms, a producer, readers that check each offset."""
