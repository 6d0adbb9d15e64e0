"""The live node: what arrives, what is judged, what is carried out."""
