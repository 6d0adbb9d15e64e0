"""The record of an event: its model, the figures of each link, and the pages that people read."""
