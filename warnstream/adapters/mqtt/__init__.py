"""MQTT: frames, the source that subscribes, the publisher."""
