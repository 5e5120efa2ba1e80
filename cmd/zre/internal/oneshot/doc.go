// Package oneshot has the commands of zre for scripts: "zre send" and the others start a node, do
// one thing, and end with a status that can be tested.
//
//	common   flags that all commands have: --json, --timeout, and those of the node
//	session  a node for the time of a command; it closes when the command has ended
//	output   standard output; it knows when nobody reads it any more
//	runner   the program that "zre reply" and "zre on" run, in a process group of its own
//	receipts takes events, and acknowledges them when the programs that run for them have ended
//
// Each command is in a file of its own. Those that only ask or send ([visit]) are in no group
// and say so in a header (cli.OneShotHeader), so that they do not fill the screens of others.
// Those that stay in groups are nodes like all others.
//
// A request is a message whose first frame is "ZRE-REQUEST/1 ID", and its answer a WHISPER whose
// first frame is "ZRE-REPLY/1 ID STATUS"; see correlate.go.
package oneshot
