"""What a person meets at the shell whatever the command: tables, progress, messages, Ctrl-C."""
