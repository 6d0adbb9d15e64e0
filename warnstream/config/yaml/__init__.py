"""YAML with line numbers, value types and checks: what every section is read with."""
