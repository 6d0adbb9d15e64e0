"""`warnstream bridge`, `judge`, `deliver` and `topology`: one county's work on many machines."""
