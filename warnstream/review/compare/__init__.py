"""What two configurations would have done over the same archives, side by side: figures, files, a page."""
