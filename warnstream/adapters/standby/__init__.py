"""The line between two boxes with one log: messages, their form on the wire, connections, who leads."""
