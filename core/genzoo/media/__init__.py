"""Writing samples for people: pictures, grids."""
