class SandboxError(Exception):
    """A part of the sandbox could not be fetched, started or asked; the text names cause, place and remedy."""
