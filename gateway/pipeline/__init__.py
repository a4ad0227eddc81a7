"""From deliveries to sent records: pacing, group commits, forwarding. No I/O of its own but the journal's thread."""
