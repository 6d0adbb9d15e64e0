"""The shell: MQTT, disk, HTTP, geometry. Only runners use it; the stages never see it."""
