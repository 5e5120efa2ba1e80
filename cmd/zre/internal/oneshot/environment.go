package oneshot

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// environmentHelp explains the variables in --help.
const environmentHelp = `  ZRE_EVENT     SHOUT, WHISPER, ENTER, ...
  ZRE_PEER      the UUID of the peer
  ZRE_NAME      its name
  ZRE_GROUP     the group; empty for what is not about one
  ZRE_ENDPOINT  ENTER: where the peer is reached
  ZRE_REASON    EXIT: why it is gone
  ZRE_HEADERS   the headers of the peer as a JSON object
  ZRE_HEADER_X  the header X; letters as capitals, other characters but digits as _
Control characters are shown as escapes (\n); in ZRE_HEADERS they are as JSON has them. Headers
above 32 KiB in all are left out; ZRE_HEADERS_LEFT_OUT is then how many.`

// maxHeaders bounds what the headers of a peer take of a command's environment, in octets. A
// system limits an environment, and a peer may send a megabyte.
const maxHeaders = 32 << 10

// variables are what a command is told of an event. A value with a NUL in it would keep the
// command from being started, and one with a newline could look like two: all are harmless.
func variables(ev zre.Event) map[string]string {
	v := map[string]string{
		"EVENT": ev.Type.String(), "PEER": ev.Peer.String(),
		"NAME": visible.String(ev.Name), "GROUP": visible.String(ev.Group),
	}
	switch ev.Type {
	case zre.EventEnter:
		v["ENDPOINT"] = visible.String(ev.Endpoint)
	case zre.EventExit:
		v["REASON"] = ev.Reason.String()
	}
	return v
}

// headerVariables are the headers of a peer: all in one JSON object, and each in a variable of
// its own. Of names that give the same variable, the first in order has it.
func headerVariables(headers map[string]string) (env []string) {
	kept := make(map[string]string)
	left, room := 0, maxHeaders
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		// As it is shown: an escape takes up to six times what it stands for.
		n := len(eventjson.Line(name)) + len(eventjson.Line(headers[name]))
		if n > room {
			left++
			continue
		}
		room -= n
		kept[name] = headers[name]
	}
	env = append(env, "ZRE_HEADERS="+eventjson.Line(kept))
	if left > 0 {
		env = append(env, "ZRE_HEADERS_LEFT_OUT="+strconv.Itoa(left))
	}
	used := make(map[string]bool)
	for _, name := range slices.Sorted(maps.Keys(kept)) {
		variable := "ZRE_HEADER_" + variableName(name)
		if used[variable] {
			continue
		}
		used[variable] = true
		env = append(env, variable+"="+visible.String(kept[name]))
	}
	return env
}

// variableName makes a name that shells accept for a variable.
func variableName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, name)
}
