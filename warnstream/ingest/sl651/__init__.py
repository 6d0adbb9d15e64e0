"""SL 651-2014, the hydrological telemetry protocol: frames, elements, sessions."""
