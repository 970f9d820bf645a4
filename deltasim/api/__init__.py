"""What the front door does, one file for each job: the Python functions and the commands both call it."""
