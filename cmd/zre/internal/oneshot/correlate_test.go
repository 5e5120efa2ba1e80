package oneshot

import (
	"bytes"
	"strings"
	"testing"
)

func frames(texts ...string) (out [][]byte) {
	for _, t := range texts {
		out = append(out, []byte(t))
	}
	return out
}

func TestCorrelate(t *testing.T) {
	t.Parallel()
	id := newRequestID()
	if other := newRequestID(); other == id || !isID(id) {
		t.Errorf("%s, then %s", id, other)
	}
	got, payload, ok := parseRequest([][]byte{requestFrame(id), []byte("a"), []byte("b")})
	if !ok || got != id || string(bytes.Join(payload, []byte("|"))) != "a|b" {
		t.Errorf("%s %q %v", got, payload, ok)
	}
	for _, status := range []int{0, 1, 255} {
		got, payload, ok := parseReply([][]byte{replyFrame(id, status), []byte("a")}, id)
		if !ok || got != status || len(payload) != 1 {
			t.Errorf("%d: %d %q %v", status, got, payload, ok)
		}
	}
}

func TestNoRequestsAndReplies(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("0123456789abcdef", 2)
	for _, content := range [][][]byte{
		nil, frames(""), frames("hello"), frames("ZRE-REQUEST/1 "), frames("ZRE-REQUEST/1 " + id[1:]),
		frames("ZRE-REQUEST/1 " + id + "0"), frames("ZRE-REQUEST/1 " + strings.ToUpper(id)),
		frames("ZRE-REQUEST/2 " + id), frames("zre-request/1 " + id), frames("x", "ZRE-REQUEST/1 "+id),
		frames("ZRE-REQUEST/1 " + id[:31] + "\n"), frames("ZRE-REQUEST/1 " + id[:31] + "-"),
	} {
		if _, _, ok := parseRequest(content); ok {
			t.Errorf("%q is a request", content)
		}
	}
	for _, content := range [][][]byte{
		nil, frames(""), frames("ZRE-REPLY/1 " + id), frames("ZRE-REPLY/1 " + id + " "), frames("ZRE-REPLY/1 " + id + " 256"),
		frames("ZRE-REPLY/1 " + id + " -1"), frames("ZRE-REPLY/1 " + id + " 00"), frames("ZRE-REPLY/1 " + id + " 1 "),
		frames("ZRE-REPLY/1 " + id + " +1"), frames("ZRE-REPLY/1 " + id[:31] + "0 1"), frames("ZRE-REPLY/2 " + id + " 0"),
		frames("ZRE-REPLY/1 " + id + " " + strings.Repeat("0", 1000)),
	} {
		if _, _, ok := parseReply(content, id); ok {
			t.Errorf("%q is an answer", content)
		}
	}
}
