"""Stage 1 of 9: bytes of a gateway -> columns of readings; what cannot be read is kept aside."""
