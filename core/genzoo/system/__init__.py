"""What genzoo needs of the machine: files, processors, and the global state of a process."""
