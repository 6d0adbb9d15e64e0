"""Tests of a county's rules on the engine that runs: stepped minute by minute, looked at, told."""
