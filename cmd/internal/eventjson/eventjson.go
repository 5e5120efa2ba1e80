package eventjson

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// TimeFormat is RFC 3339 with milliseconds.
const TimeFormat = "2006-01-02T15:04:05.000Z07:00"

// Event is an event on one line, without its end. The time is left out if it is zero.
func Event(ev zre.Event, at time.Time) string { return Line(object(ev, at)) }

// Line is an object on one line, safe to look at on a terminal.
func Line(v any) string {
	text, err := Encode(v)
	if err != nil { // The types here can always be encoded.
		return fmt.Sprintf(`{"event":"ERROR","reason":%q}`, err)
	}
	return string(visible.JSON(text))
}

// Encode is json.Marshal that leaves <, > and & as they are: people read these lines, and
// they are not for web pages.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// The objects. The order of the fields is the order in the line.
type (
	peerObject struct { // ENTER
		Event    string            `json:"event"`
		Time     string            `json:"time,omitempty"`
		Peer     uuid.UUID         `json:"peer"`
		Name     string            `json:"name"`
		Endpoint string            `json:"endpoint"`
		Headers  map[string]string `json:"headers"`
	}
	otherObject struct { // all other events
		Event   string    `json:"event"`
		Time    string    `json:"time,omitempty"`
		Peer    uuid.UUID `json:"peer"`
		Name    string    `json:"name"`
		Group   *string   `json:"group,omitempty"`
		Content *[]frame  `json:"content,omitempty"`
		Reason  *string   `json:"reason,omitempty"`
	}
)

// frame is a string in JSON, or {"base64": …} if it is not UTF-8.
type frame []byte

// MarshalJSON implements json.Marshaler.
func (f frame) MarshalJSON() ([]byte, error) {
	if utf8.Valid(f) {
		return Encode(string(f))
	}
	return Encode(struct {
		Base64 string `json:"base64"`
	}{base64.StdEncoding.EncodeToString(f)})
}

func object(ev zre.Event, at time.Time) any {
	when := ""
	if !at.IsZero() {
		when = at.Format(TimeFormat)
	}
	if ev.Type == zre.EventEnter {
		o := peerObject{
			Event: ev.Type.String(), Time: when, Peer: ev.Peer, Name: ev.Name,
			Endpoint: ev.Endpoint, Headers: ev.Headers,
		}
		if o.Headers == nil {
			o.Headers = map[string]string{}
		}
		return o
	}
	o := otherObject{Event: ev.Type.String(), Time: when, Peer: ev.Peer, Name: ev.Name}
	switch ev.Type {
	case zre.EventJoin, zre.EventLeave, zre.EventLeader, zre.EventShout:
		o.Group = &ev.Group
	case zre.EventExit:
		reason := ev.Reason.String()
		o.Reason = &reason
	}
	if ev.Type == zre.EventShout || ev.Type == zre.EventWhisper {
		content := make([]frame, len(ev.Content))
		for i, f := range ev.Content {
			content[i] = frame(f)
		}
		o.Content = &content
	}
	return o
}
