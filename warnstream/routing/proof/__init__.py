"""What proves that a post does its duty: counts for ever, by post."""
