"""Why a village was warned at a minute, or was not: records, verdict and text."""
