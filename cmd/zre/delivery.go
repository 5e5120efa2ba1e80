package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// delivered words the errors of sending: on a screen with the names that it shows.
func (s *shell) delivered(err error) error {
	missed, ok := errors.AsType[*zre.DeliveryError](err)
	if !ok || s.screen == nil || s.options.long {
		return delivery(err)
	}
	label := s.labels(s.node.Peers())
	var parts []string
	for _, m := range missed.Missed {
		parts = append(parts, fmt.Sprintf("%s: %v", visible.String(label(zre.Peer{ID: m.Peer, Name: m.Name})), m.Err))
	}
	return errors.New("not known to have received everything: " + strings.Join(parts, "; "))
}

// delivery words the errors of sending. A peer that is named may have received everything: what
// is missing is its acknowledgement.
func delivery(err error) error {
	missed, ok := errors.AsType[*zre.DeliveryError](err)
	if !ok {
		return err
	}
	var parts []string
	for _, m := range missed.Missed {
		parts = append(parts, fmt.Sprintf("%s (%s): %v", visible.String(m.Name), m.Peer, m.Err))
	}
	return errors.New("not known to have received everything: " + strings.Join(parts, "; "))
}
