"""`warnstream duty`: what proves that each post does its duty."""
