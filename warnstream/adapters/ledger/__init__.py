"""The ledger of doors as a running node has it: files, threads, what channels claim and people answer."""
