"""What the doctor looks for, one concern a file."""
