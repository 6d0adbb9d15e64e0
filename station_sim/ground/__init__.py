"""What the ground does with rain: rivers, slopes, low spots."""
