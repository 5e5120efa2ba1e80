package main

import (
	"context"
	"fmt"
	"strings"
)

// argument says what a word of a command stands for: it is what Tab completes.
type argument uint8

const (
	ownGroup  argument = iota + 1 // a group we are in
	peerGroup                     // a group that peers are in
	anyGroup
	peerName
	commandName
	fileName
)

// command is a row of the table that help, completion and dispatch share.
type command struct {
	name    string // without the slash
	usage   string // the arguments, as help shows them
	help    string
	example string // a line to type, and what it does
	args    []argument
	text    bool // what follows the arguments is text, blanks and all
	need    int  // how many of the arguments, the text included, must be there
	run     func(s *shell, ctx context.Context, args []string) error
}

// commands is the table. It is a function because /help, which is in it,
// reads it.
func commands() []command {
	return []command{
		{name: "join", usage: "GROUP", help: "be in a group: hear what is shouted there",
			example: "/join chat    what you type without a slash then goes to chat",
			args:    []argument{peerGroup}, need: 1, run: (*shell).join},
		{name: "leave", usage: "[GROUP]", help: "leave a group (without GROUP: the one in the prompt)",
			example: "/leave chat", args: []argument{ownGroup}, run: (*shell).leave},
		{name: "shout", usage: "GROUP TEXT", help: "say something to everyone in a group",
			example: "/shout chat Lunch?    you need not be in the group",
			args:    []argument{anyGroup}, text: true, need: 2, run: (*shell).shout},
		{name: "whisper", usage: "PEER TEXT", help: "say something to one peer: its name, its UUID or the beginning of it",
			example: "/whisper bob/3edb5b01 Lunch?    the bob whose UUID begins so",
			args:    []argument{peerName}, text: true, need: 2, run: (*shell).whisper},
		{name: "send", usage: "FILE [PEER]", help: "send a file's content to a peer, or to the group in the prompt",
			example: "/send notes.txt bob    one message; the name of the file is not sent",
			args:    []argument{fileName, peerName}, need: 1, run: (*shell).sendFile},
		{name: "peers", help: "list the peers", example: "/peers", run: (*shell).listPeers},
		{name: "groups", help: "list the groups, yours and theirs", example: "/groups", run: (*shell).listGroups},
		{name: "who", usage: "[GROUP]", help: "list the members of a group",
			example: "/who chat", args: []argument{anyGroup}, run: (*shell).who},
		{name: "info", usage: "PEER", help: "show what is known of a peer",
			example: "/info bob", args: []argument{peerName}, need: 1, run: (*shell).info},
		{name: "ping", usage: "PEER", help: "measure the round trip to a peer, and whether it takes its messages",
			example: "/ping bob", args: []argument{peerName}, need: 1, run: (*shell).ping},
		{name: "stats", usage: "[PEER]", help: "show what this node has counted, or what it has of one peer",
			example: "/stats bob", args: []argument{peerName}, run: (*shell).showStats},
		{name: "problems", help: "say what keeps this node from others, and what to do",
			example: "/problems", run: (*shell).listProblems},
		{name: "debug", help: "log what goes on underneath", example: "/debug", run: (*shell).debug},
		{name: "nodebug", help: "stop that", example: "/nodebug", run: (*shell).nodebug},
		{name: "help", usage: "[COMMAND]", help: "show this list, or a command with an example",
			example: "/help whisper", args: []argument{commandName}, run: (*shell).help},
		{name: "quit", help: "leave the network and the program", example: "/quit", run: (*shell).quit},
	}
}

// usageLine is "/shout GROUP TEXT    what it does".
func (c command) usageLine() string {
	return fmt.Sprintf("%-19s %s", strings.TrimSpace("/"+c.name+" "+c.usage), c.help)
}

// lookup finds a command by its name, without the slash.
func lookup(name string) (command, bool) {
	for _, c := range commands() {
		if c.name == name {
			return c, true
		}
	}
	return command{}, false
}

// commandNames are all names, each behind prefix.
func commandNames(prefix string) []string {
	var names []string
	for _, c := range commands() {
		names = append(names, prefix+c.name)
	}
	return names
}
