"""The MQTT endpoint of our own, for gateways without a broker."""
