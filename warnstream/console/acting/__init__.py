"""What a person who has signed in does by the console: acts, and reading what is personal."""
