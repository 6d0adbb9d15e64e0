"""Short messages over SMPP 3.4: the wire form, texts in parts, one session, receipts and replies."""
