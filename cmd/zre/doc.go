// Zre is a shell on a ZRE network: it shows what peers do as it happens, and
// runs commands.
//
//	stdin ─▶ screen (a terminal) or pipe ─▶ shell.run, one command at a time ─▶ node
//	node.Next ─▶ watch, one goroutine ─▶ shell.print ─▶ screen, or stdout
//
// One table of commands (commands.go) is behind dispatch, /help and completion.
// The screen draws with bubbletea, which owns the terminal from start to end
// and puts it back also after a panic; only its event loop draws.
package main
