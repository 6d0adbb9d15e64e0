"""Read models of the HTTP interface: what each answer holds, fields in the order of sending."""
