"""One small file for each kind of publisher: where in its messages the temperatures and their owners are."""
