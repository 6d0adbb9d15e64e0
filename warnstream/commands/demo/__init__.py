"""`warnstream demo`: a simulated county, a storm, a node and people, all in one process."""
