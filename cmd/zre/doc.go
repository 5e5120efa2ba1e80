// Zre is a shell on a ZRE network: it shows what peers do as it happens, and
// runs commands.
//
//	stdin ─▶ screen (a terminal) or pipe ─▶ shell.run, one command at a time ─▶ node
//	node.Next ─▶ a pipe: watch, one goroutine ─▶ format ─▶ stdout
//	          └▶ a terminal: feed, one goroutine ─▶ digest, look ─▶ screen
//
// One table of commands (commands.go) is behind dispatch, /help and completion.
// What a pipe prints is for programs and stays as it is (format). What the screen
// shows is for people (look): names, times, colours; many events at once in one line, and
// of a flood only a part (digest). Lines are spans of text in a style until they are broken
// for the window (wrap). All text of peers goes through package visible first.
//
// The line being typed (editor) is typed, searched for (search), or a question about a
// pasted block (paste). The screen draws with bubbletea, which owns the terminal from start to end
// and puts it back also after a panic; only its event loop draws.
package main
