package layout

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// Layout is how messages are written. The zero value writes them byte for byte.
type Layout struct {
	Format   Format // the zero value: the payload
	Lines    bool   // end each message with a newline, unless it ends with one
	Null     bool   // end each message with NUL
	JSON     bool
	Terminal bool // a format shows the payload's control characters as escapes
}

// Bare reports whether messages are written as they are, so that no copy is needed.
func (l *Layout) Bare() bool { return !l.Format.Given() && !l.Lines && !l.Null && !l.JSON }

// Append appends a message as it is to be written.
func (l *Layout) Append(out []byte, ev zre.Event, at time.Time) []byte {
	begin := len(out)
	switch {
	case l.JSON:
		return append(append(out, eventjson.Event(ev, at)...), '\n')
	case l.Format.Given():
		for _, f := range l.Format.fields {
			out = f.append(out, ev, at, l.Terminal)
		}
	default:
		out = appendPayload(out, ev)
	}
	switch {
	case l.Null:
		out = append(out, 0)
	case (l.Lines || l.Format.Given()) && (len(out) == begin || out[len(out)-1] != '\n'):
		out = append(out, '\n')
	}
	return out
}

func appendPayload(out []byte, ev zre.Event) []byte {
	for _, frame := range ev.Content {
		out = append(out, frame...)
	}
	return out
}

// field is a part of a format: text, or with a verb what is known of the message.
type field struct{ text, verb string }

// append appends the field of a message. What a peer chooses, but for the payload, is always
// made harmless: a name with a newline in it must not look like a message.
func (f field) append(out []byte, ev zre.Event, at time.Time, terminal bool) []byte {
	switch f.verb {
	case "":
		return append(out, f.text...)
	case "name":
		return append(out, visible.String(ev.Name)...)
	case "uuid":
		return append(out, ev.Peer.String()...)
	case "id":
		return append(out, ev.Peer.String()[:6]...)
	case "group":
		return append(out, visible.String(ev.Group)...)
	case "type":
		return append(out, ev.Type.String()...)
	case "time":
		return at.AppendFormat(out, eventjson.TimeFormat)
	case "octets":
		n := 0
		for _, frame := range ev.Content {
			n += len(frame)
		}
		return strconv.AppendInt(out, int64(n), 10)
	}
	if !terminal {
		return appendPayload(out, ev)
	}
	payload := string(appendPayload(nil, ev))
	text, ended := strings.CutSuffix(payload, "\n")
	out = append(out, visible.String(text)...)
	if ended {
		out = append(out, '\n')
	}
	return out
}

// Manual explains formats, in a section of --help.
const Manual = `The value of --format is text with these verbs in it:

  {name}     the name of the sender
  {uuid}     its UUID
  {id}       the first six digits of its UUID
  {group}    the group, empty for a whisper
  {type}     SHOUT or WHISPER
  {time}     when it came, as in 2026-02-03T04:05:06.789+01:00 (RFC 3339)
  {octets}   the size of the payload
  {payload}  the message
  {{  }}     a brace
  \n \t \\   newline, tab, backslash

A message ends with a newline, or with --null with NUL. Control characters in names and groups are
shown as escapes (\n), on a terminal those of the payload too.`

// verbs are what may stand between braces in a format.
var verbs = []string{"name", "uuid", "id", "group", "type", "time", "octets", "payload"}

// Format is the flag --format. Its zero value is "not given".
type Format struct {
	text   string
	fields []field
}

// Given reports whether there is a format.
func (f *Format) Given() bool { return f.fields != nil }

// String is the format as it was given.
func (f *Format) String() string { return f.text }

// Type is the name of the value in the help text.
func (f *Format) Type() string { return "FORMAT" }

// Set reads the value.
func (f *Format) Set(text string) error {
	fields, err := parseFormat(text)
	if err == nil {
		*f = Format{text, fields}
	}
	return err
}

// parseFormat reads a format: {verb}, {{ and }} for braces, \n, \t and \\.
func parseFormat(text string) ([]field, error) {
	var fields []field
	var plain strings.Builder
	for rest := text; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "{{"), strings.HasPrefix(rest, "}}"):
			plain.WriteByte(rest[0])
			rest = rest[2:]
		case rest[0] == '{':
			verb, after, closed := strings.Cut(rest[1:], "}")
			if !closed {
				return nil, fmt.Errorf("a { without a } (right: {name}, or {{ for the sign itself)")
			}
			if !isVerb(verb) {
				return nil, fmt.Errorf("there is no {%s} (right: {%s})", verb, strings.Join(verbs, "}, {"))
			}
			fields = append(fields, field{text: plain.String()}, field{verb: verb})
			plain.Reset()
			rest = after
		case rest[0] == '}':
			return nil, errors.New("a } without a { (right: }} for the sign itself)")
		case rest[0] == '\\':
			if len(rest) < 2 || !strings.Contains(`nt\`, rest[1:2]) {
				return nil, errors.New(`a \ that begins nothing (right: \n, \t, or \\ for the sign itself)`)
			}
			plain.WriteByte(map[byte]byte{'n': '\n', 't': '\t', '\\': '\\'}[rest[1]])
			rest = rest[2:]
		default:
			plain.WriteByte(rest[0])
			rest = rest[1:]
		}
	}
	return append(fields, field{text: plain.String()}), nil
}

func isVerb(verb string) bool {
	for _, known := range verbs {
		if verb == known {
			return true
		}
	}
	return false
}
