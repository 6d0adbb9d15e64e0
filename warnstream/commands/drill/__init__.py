"""`warnstream drill`: begin, stop, show and score drills beside real warnings."""
