package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

// The first frame of a message is one of these, a blank, and the number of the request.
const (
	request = "ZRE-REQUEST/1"
	reply   = "ZRE-REPLY/1"
)

// errNobody says that there is nobody to ask.
var errNobody = errors.New("nobody is in the group")

// ask asks a group. The first answer is the result.
func ask(ctx context.Context, node *zre.Node, group, text string) (string, error) {
	missing := node.Settle(ctx)
	if len(node.PeersByGroup(group)) == 0 {
		return "", errors.Join(fmt.Errorf("ask %q: %w", group, errNobody), missing)
	}
	number := uuid.New()
	id := hex.EncodeToString(number[:])
	if err := node.Shout(ctx, group, []byte(request+" "+id), []byte(text)); err != nil {
		return "", err
	}
	for {
		ev, err := node.Next(ctx)
		if err != nil {
			return "", fmt.Errorf("ask %q: no answer: %w", group, err)
		}
		if ev.Type != zre.EventWhisper || len(ev.Content) == 0 {
			continue
		}
		// "ZRE-REPLY/1 ID STATUS"
		head := strings.Fields(string(ev.Content[0]))
		if len(head) != 3 || head[0] != reply || head[1] != id {
			continue
		}
		answer := string(bytes.Join(ev.Content[1:], nil))
		if head[2] != "0" {
			return answer, fmt.Errorf("%q answers with status %q", ev.Name, head[2])
		}
		return answer, nil
	}
}

// serve answers the requests to a group, until the node is closed.
func serve(ctx context.Context, node *zre.Node, answer func(string) string) {
	for ev := range node.Events() {
		if ev.Type != zre.EventShout && ev.Type != zre.EventWhisper || len(ev.Content) == 0 {
			continue
		}
		id, ok := strings.CutPrefix(string(ev.Content[0]), request+" ")
		if !ok {
			continue
		}
		text := answer(string(bytes.Join(ev.Content[1:], nil)))
		// An error means that whoever has asked is gone.
		_ = node.Whisper(ctx, ev.Peer, []byte(reply+" "+id+" 0"), []byte(text))
	}
}
