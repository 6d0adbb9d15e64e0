"""Logs of drills on the second box: after a takeover a drill goes on there as after a crash."""
