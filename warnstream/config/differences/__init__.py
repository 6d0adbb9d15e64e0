"""What a change of configuration means: thresholds, places, people, keys; in lines for operators."""
