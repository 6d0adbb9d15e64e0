"""What proves a person beside the password: one-time codes, and codes on paper for a lost device."""
