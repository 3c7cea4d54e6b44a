"""Jobs: one thin file each."""
