"""The server: jobs that wait in SQLite, the processes that do them, and the page that asks for them."""
