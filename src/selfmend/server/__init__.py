"""The HTTP server: requests in, events and files out."""
