"""A running node changes over to another configuration: prepared beside it, taken between two steps."""
