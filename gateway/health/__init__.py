"""How the gateway is: one snapshot, and what programs and people are told of it."""
