"""One file for each command of the command line; `deltasim.main` holds the table."""
