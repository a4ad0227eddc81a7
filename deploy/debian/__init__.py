"""Debian packages, built with pip and dpkg-deb alone: `python -m deploy.debian`."""
