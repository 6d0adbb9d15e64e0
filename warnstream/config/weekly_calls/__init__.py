"""Posts of a configuration with their shifts and the ways that are called for a test."""
