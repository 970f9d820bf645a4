"""One file for each command of the command line; `deltasim.command_line` holds the table."""
