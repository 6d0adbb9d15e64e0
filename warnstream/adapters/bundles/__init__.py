"""Configurations as they ran: numbered folders in the storage directory that never change."""
