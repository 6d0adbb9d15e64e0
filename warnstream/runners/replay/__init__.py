"""Past readings and journals through the engine."""
