"""Tests of rules, written by operators: CONFIG_DIR/tests/*.yaml -> what to send and what to expect."""
