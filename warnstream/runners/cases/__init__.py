"""A past event as a folder that is judged again anywhere: configuration without people, readings, outcome."""
