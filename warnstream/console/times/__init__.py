"""The same screen at another time: pictures of the past, and rain that is expected."""
