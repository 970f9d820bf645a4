"""The flat plan of a network on a chip, which every engine reads."""
