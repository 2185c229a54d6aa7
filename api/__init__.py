"""HTTP, WebSocket, pages and the command line: parse input, call one function, answer."""
