"""Networks and mappings in the files of SANA-FE."""
