"""Gauges and their networks: observations, faults, formats, gateways."""
