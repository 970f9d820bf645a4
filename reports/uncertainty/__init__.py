"""How sure figures are: prices drawn within their spreads, sequences drawn again."""
