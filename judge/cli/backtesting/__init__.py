"""What ``judge backtest`` reads and prints."""
