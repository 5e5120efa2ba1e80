package main

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// keyHeader is the header that holds a node's public key in a secure network. Nobody reads
// it, and it is as wide as half a window.
const keyHeader = "X-PUBLICKEY"

// look is how the screen words things for people. A pipe has another one: see format.
type look struct {
	color bool
	long  bool // UUIDs and all headers
	own   string
}

// line is a line of the screen, with the time in front of it.
func (l look) line(at time.Time, parts ...span) []span {
	return append([]span{{faint, at.Format(time.TimeOnly) + " "}}, parts...)
}

// timeWidth is how many columns the time takes in front of a line.
const timeWidth = len(time.TimeOnly) + 1

// event is an event as a line of the screen, without the time. label names the peer.
func (l look) event(ev zre.Event, label string) []span {
	who := shown(label)
	switch ev.Type {
	case zre.EventShout:
		return []span{{inGroup, "[" + shown(ev.Group) + "]"}, {plain, " "}, {strong, who}, {plain, ":" + content(ev.Content)}}
	case zre.EventWhisper:
		return []span{{private, "WHISPER " + who + ":" + content(ev.Content)}}
	case zre.EventEnter:
		return l.word(arrives, "ENTER", who, l.id(ev.Peer)+l.address(ev.Endpoint)+l.headers(ev.Headers))
	case zre.EventExit:
		return l.word(warns, "EXIT", who, l.id(ev.Peer)+" "+ev.Reason.String())
	case zre.EventJoin, zre.EventLeave, zre.EventLeader:
		return l.word(faint, ev.Type.String(), who, " "+shown(ev.Group))
	case zre.EventEvasive:
		return l.word(warns, "EVASIVE", who, " does not answer")
	case zre.EventSilent:
		return l.word(warns, "SILENT", who, " has not answered for long")
	}
	return l.word(faint, ev.Type.String(), who, "")
}

// word is a line that begins with the type of an event.
func (l look) word(st style, typ, who, detail string) []span {
	return []span{{st, typ + strings.Repeat(" ", max(1, 8-len(typ)))}, {plain, who}, {faint, detail}}
}

// said is a message of this node to a group.
func (l look) said(group, text string) []span {
	return []span{{inGroup, "[" + shown(group) + "]"}, {plain, " "}, {ownStyle, shown(l.own)}, {plain, ":" + content([][]byte{[]byte(text)})}}
}

// whispered is a message of this node to one peer.
func (l look) whispered(label, text string) []span {
	return []span{{private, "WHISPER to " + shown(label) + ":" + content([][]byte{[]byte(text)})}}
}

// id is a UUID where --long asks for it.
func (l look) id(id uuid.UUID) string {
	if l.long {
		return " " + id.String()
	}
	return ""
}

func (l look) address(endpoint string) string {
	if !l.long {
		endpoint = strings.TrimPrefix(endpoint, "tcp://")
	}
	return " " + visible.String(endpoint)
}

// headers is " name=value …" in the order of the names.
func (l look) headers(headers map[string]string) string {
	if l.long {
		return headerList(headers)
	}
	return headerList(hideKey(headers))
}

// hideKey leaves out the header that holds a key.
func hideKey(headers map[string]string) map[string]string {
	if _, has := headers[keyHeader]; !has {
		return headers
	}
	headers = maps.Clone(headers)
	delete(headers, keyHeader)
	return headers
}

// several is one line for many events of one type.
func (l look) several(typ zre.EventType, labels []string, group string) []span {
	const most = 8
	verb := map[zre.EventType]string{
		zre.EventEnter: " peers came: ", zre.EventExit: " peers left: ",
		zre.EventJoin: " peers joined ", zre.EventLeave: " peers left ",
	}[typ]
	if group != "" {
		verb += shown(group) + ": "
	}
	st := map[zre.EventType]style{zre.EventEnter: arrives, zre.EventExit: warns}[typ]
	if st == plain {
		st = faint
	}
	names := make([]string, 0, most)
	for _, label := range labels[:min(len(labels), most)] {
		names = append(names, shown(label))
	}
	return []span{
		{st, typ.String() + strings.Repeat(" ", 8-len(typ.String()))},
		{plain, number(len(labels)) + verb}, {faint, strings.Join(names, ", ") + more(len(labels)-most)},
	}
}

// more is " and 5 more", or nothing.
func more(n int) string {
	if n <= 0 {
		return ""
	}
	return " and " + number(n) + " more"
}

// number writes a number with its thousands set apart.
func number(n int) string {
	var groups []string
	for ; n >= 1000; n /= 1000 {
		groups = append(groups, string([]byte{'0' + byte(n/100%10), '0' + byte(n/10%10), '0' + byte(n%10)}))
	}
	groups = append(groups, strconv.Itoa(n))
	slices.Reverse(groups)
	return strings.Join(groups, ",")
}
