"""HTTP, WebSocket, pages and the command line: parse, call one function of a lower package, answer."""
