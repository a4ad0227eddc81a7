"""Files of the service, as they are installed; deploy/systemd has links to them."""
