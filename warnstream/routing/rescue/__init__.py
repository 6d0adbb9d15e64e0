"""Who comes from elsewhere: rescue teams, called at red; a person, where nobody answers."""
