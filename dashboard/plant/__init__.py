"""What is known of the plant right now; pure: no I/O, no clock, no thread. Everything in it is bounded."""
