package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// maxSent bounds what /send sends, in octets: peers close a connection on which a larger
// message comes.
const maxSent = zre.DefaultMaxMessageSize

// sendFile sends the content of a file as one message.
func (s *shell) sendFile(ctx context.Context, args []string) error {
	name := args[0]
	var peer zre.Peer
	group := s.current()
	if len(args) > 1 {
		var err error
		if peer, err = s.awaitPeer(ctx, args[1]); err != nil {
			return err
		}
	} else if group == "" {
		return errors.New("you are in no group: /join GROUP first, or /send FILE PEER")
	}
	data, err := readFile(name, maxSent)
	if err != nil {
		return err
	}
	s.settling.beforeSending(ctx)
	what := visible.String(filepath.Base(name)) + ", " + octets(len(data))
	if len(args) > 1 {
		if err := s.node.Whisper(ctx, peer.ID, data); err != nil {
			return s.delivered(err)
		}
		s.say(fmt.Sprintf("sent %s to %s, as one message; its name is not sent", what, visible.String(s.labels(s.node.Peers())(peer))))
		return nil
	}
	s.await(ctx, func() bool { return len(s.node.PeersByGroup(group)) > 0 })
	members := len(s.node.PeersByGroup(group))
	if members == 0 {
		return fmt.Errorf("%w is in %s, so %s was not sent", errNobody, visible.String(group), visible.String(filepath.Base(name)))
	}
	if err := s.node.Shout(ctx, group, data); err != nil {
		return s.delivered(err)
	}
	s.say(fmt.Sprintf("sent %s to %d in %s, as one message; its name is not sent", what, members, visible.String(group)))
	return nil
}

// readFile reads a regular file of at most so many octets. Of another one, such as a named
// pipe, the end may never come.
func readFile(name string, most int64) ([]byte, error) {
	if home, err := os.UserHomeDir(); err == nil && strings.HasPrefix(name, "~/") {
		name = filepath.Join(home, name[2:])
	}
	info, err := os.Stat(name) // before it is opened: opening a named pipe waits
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file with content; zrecat sends what comes from elsewhere", visible.String(name))
	}
	if info.Size() > most {
		return nil, fmt.Errorf("%s has %s; a message has at most %s (zrecat sends anything)", visible.String(name), octets(int(info.Size())), octets(int(most)))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%s grows; a message has at most %s", visible.String(name), octets(int(most)))
	}
	return data, err
}
