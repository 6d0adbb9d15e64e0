"""Who makes the members of the rain to come, and what stands in when one of them is out."""
