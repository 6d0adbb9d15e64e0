"""Village loudspeakers by the packages of emergency broadcast platforms (应急广播)."""
