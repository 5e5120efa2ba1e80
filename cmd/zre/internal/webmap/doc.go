// Package webmap is "zre map": a page that shows what one node knows of its network. The page
// is in the program, and asks for nothing from elsewhere.
//
//	server  the listener and the HTTP server; both are bounded
//	guard   every request: is it for this address, and does it have the token?
//	hub     keeps the newest snapshot as JSON, and wakes the streams
//	page/   the page: HTML, CSS and JavaScript as they are sent, with no build step
//
// The address that is printed has a token, 128 random bits. The first request hands it over
// as a cookie and is sent on to an address without it. Each request must have one or the
// other. The Host must be an IP address or localhost, with the port of the server: so a page
// of another host, whose name is made to resolve to this one (DNS rebinding), is refused.
//
// Names of peers are hostile. The page writes them with textContent only, and its
// Content-Security-Policy allows no script and no style but its own files.
package webmap
