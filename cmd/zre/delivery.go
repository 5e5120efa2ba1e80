package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// mostMissed bounds how many peers the text of an error names.
const mostMissed = 10

// delivered words the errors of sending: on a screen with the names that it shows.
func (s *shell) delivered(err error) error {
	if s.screen == nil || s.options.long {
		return delivery(err)
	}
	label := s.labels(s.node.Peers())
	return inWords(err, func(m zre.Missed) string { return label(zre.Peer{ID: m.Peer, Name: m.Name}) })
}

// delivery words the errors of sending. A peer that is named may have received everything: what
// is missing is its acknowledgement.
func delivery(err error) error {
	return inWords(err, func(m zre.Missed) string { return fmt.Sprintf("%s (%s)", m.Name, m.Peer) })
}

// inWords names some of the peers that have missed something.
func inWords(err error, name func(zre.Missed) string) error {
	delivery, ok := errors.AsType[*zre.DeliveryError](err)
	if !ok {
		return err
	}
	missed := delivery.Missed
	var parts []string
	for _, m := range missed[:min(len(missed), mostMissed)] {
		parts = append(parts, fmt.Sprintf("%s: %v", visible.String(name(m)), m.Err))
	}
	return errors.New("not known to have received everything: " + strings.Join(parts, "; ") +
		more(len(missed)-len(parts)))
}
