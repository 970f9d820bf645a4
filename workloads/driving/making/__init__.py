"""How the networks that steer were trained, and the table of what they reach; a run needs none of it."""
