"""The speech benchmark's page: all folds scored, the published network costed."""
