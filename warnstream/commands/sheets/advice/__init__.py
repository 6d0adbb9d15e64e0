"""风险提示单: what a township's duty officer is given: rain, villages by risk, posts, what to do."""
