"""Where digits come from and how networks for them are trained; what runs a benchmark needs none of it."""
