"""Training of a network on anyone's labelled sequences."""
