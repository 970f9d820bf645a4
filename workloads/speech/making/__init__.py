"""How the networks of the speech benchmark are made: synthetic reading, lessons, trainings."""
