"""Work that is waited for: a folder of pictures, and the queue of the server."""
