"""What is answered over HTTP. Everything is a GET; nothing of the plant can be changed from here."""
