"""The commands of `station-sim`, one module each."""
