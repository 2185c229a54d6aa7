"""HTTP, WebSocket, pages and the command line: parse, call one function, answer."""
