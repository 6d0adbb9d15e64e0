"""Transfer lists as people see them: records, the five counters, alarms."""
