package problems

import (
	"errors"
	"fmt"

	"github.com/gozre/zre/internal/hostname"
	"github.com/gozre/zre/internal/transport"
)

// Reach is what is known of an attempt to reach a peer.
type Reach struct {
	Err   error // of the last attempt to connect, nil if none has failed
	Up    bool  // our connection to it is established
	Hello bool  // its HELLO has come: it reaches us
	Other byte  // the version of the protocol in its messages, if it is another one
	Port  uint16
	Key   string // this node's public key, "" if it has none
}

// Explain says why a peer cannot be reached, and what to do. Lasting says that it stays so
// until somebody changes something. The cause is "" while none is known.
func (r Reach) Explain() (cause, advice string, lasting bool) {
	switch {
	case r.Other != 0:
		return fmt.Sprintf("its messages have version %d of the protocol, and this node speaks another one", r.Other),
			"use programs of the same version on all hosts", true
	case !r.Hello && (r.Up || errors.Is(r.Err, transport.ErrEnded) || errors.Is(r.Err, transport.ErrReset)):
		// It closes the connection when it gives up to reach us.
		cause = "it accepts our connection, and neither greets nor connects to us"
		advice = fmt.Sprintf("allow incoming connections to TCP port %d in this host's firewall; "+
			"if that is so, see the log of the peer", r.Port)
		return cause, advice, false
	case r.Err == nil:
		return "", "", false
	}
	cause, advice, lasting = explain(r.Err, r.Key)
	if r.Hello && !lasting {
		cause = "it reaches us, and we do not reach it: " + cause
	}
	return cause, advice, lasting
}

// Class is the same for causes that differ only in their words.
func (r Reach) Class() string {
	if r.Other != 0 {
		return "version"
	}
	if !r.Hello && (r.Up || errors.Is(r.Err, transport.ErrEnded) || errors.Is(r.Err, transport.ErrReset)) {
		return "no greeting"
	}
	if _, ok := errors.AsType[*hostname.Error](r.Err); ok {
		return "unresolved"
	}
	for _, cause := range []error{
		transport.ErrUntrusted, transport.ErrNotTrusted, transport.ErrWrongKey, transport.ErrMechanism,
		transport.ErrRefused, transport.ErrTimeout, transport.ErrUnreachable, transport.ErrHandshake,
	} {
		if errors.Is(r.Err, cause) {
			return cause.Error()
		}
	}
	return "other"
}

// explain puts the error of an attempt to connect into words.
func explain(err error, key string) (cause, advice string, lasting bool) {
	if unresolved, ok := errors.AsType[*hostname.Error](err); ok {
		return unresolved.Error(), "check the name, and the resolver of this host (getent hosts " +
			unresolved.Host + ")", false
	}
	const allow = "allow incoming connections to its TCP port there (as a rule 41000 to 41100); " +
		"zre doctor on that host says more"
	switch {
	case errors.Is(err, transport.ErrUntrusted):
		return transport.ErrUntrusted.Error(), "give the peer our public key, " + key + ": --trust", true
	case errors.Is(err, transport.ErrNotTrusted):
		return transport.ErrNotTrusted.Error(), "name a file with its public key: --trust", true
	case errors.Is(err, transport.ErrWrongKey):
		return "it has another key than the one that was announced or configured",
			"correct the key in the configuration, or restart the peer", true
	case errors.Is(err, transport.ErrMechanism) && key == "":
		return "it uses CURVE, and this node has no key", "start this node with --key too", true
	case errors.Is(err, transport.ErrMechanism):
		return "it does not use CURVE, and this node does", "start the peer with --key too", true
	case errors.Is(err, transport.ErrRefused):
		return "nothing accepts connections at its TCP port (connection refused)",
			"check that the program still runs there, and that a firewall does not reject its port; " + allow, false
	case errors.Is(err, transport.ErrTimeout):
		return "its TCP port does not answer (timed out): a firewall most likely drops it", allow, false
	case errors.Is(err, transport.ErrUnreachable):
		return "its host or network is unreachable: " + err.Error(),
			"check the routes of this host (ip route), and the address that the peer gives: " +
				"--interface or --advertise there", false
	case errors.Is(err, transport.ErrHandshake):
		return "the program at its TCP port does not speak this protocol: " + err.Error(),
			"check which program and version runs there", false
	case errors.Is(err, transport.ErrEnded), errors.Is(err, transport.ErrReset):
		return "it closes the connection", "see the log of the peer", false
	}
	return err.Error(), "see the log of the peer", false
}
