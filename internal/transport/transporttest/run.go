package transporttest

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/gozre/zre/internal/transport"
)

// Make returns a transport that the test closes. All transports of one call to Run have
// to reach each other.
type Make func(t testing.TB, cfg transport.Config) transport.Transport

// Options tell what an implementation does differently. The zero value is for one that
// does everything.
type Options struct {
	// InProc is what Conn.InProc has to be. Such connections have no Remote.
	InProc bool
	// AnyAddress says that each address is available.
	AnyAddress bool
	// NoRemotePort says that the port of Remote is 0.
	NoRemotePort bool
	// NoAcceptor says that the side that has dialed does not learn the Identity of the
	// one that has accepted.
	NoAcceptor bool
	// LateAccept says that an accepted connection is known when its first message
	// arrives, not before.
	LateAccept bool
	// NoAcceptedDown says that accepted connections cannot be closed and their end is
	// not known: Config.Lost is called instead of Down.
	NoAcceptedDown bool
	// OneReader says that a Handler that blocks holds up all accepted connections.
	OneReader bool
	// AcceptsWhileDraining says that a transport accepts connections until Close has
	// sent all, and then ends them.
	AcceptsWhileDraining bool
	// OnlyMaxFrame says that MaxFrame is the only limit that is held, that the
	// receiver is not told which connection exceeded it.
	OnlyMaxFrame bool
	// FixedKeys says that it is no transport.Rekeyer.
	FixedKeys bool
	// InFlight is how many octets can be neither in the outbox nor delivered while the
	// receiver does not read; 0 stands for 16 MiB.
	InFlight int
	// Untrusted, WrongKey and Mechanism are the errors of failed handshakes, if they are
	// not those of package transport.
	Untrusted, WrongKey, Mechanism error
}

// withDefaults fills in zero fields.
func (o Options) withDefaults() Options {
	if o.InFlight == 0 {
		o.InFlight = 16 << 20
	}
	for _, e := range []struct {
		field  *error
		normal error
	}{
		{&o.Untrusted, transport.ErrUntrusted},
		{&o.WrongKey, transport.ErrWrongKey},
		{&o.Mechanism, transport.ErrMechanism},
	} {
		if *e.field == nil {
			*e.field = e.normal
		}
	}
	return o
}

// Run runs all tests.
func Run(t *testing.T, mk Make, opts Options) {
	for _, c := range []struct {
		name string
		test func(w *world)
	}{
		{"Order", order},
		{"Sizes", sizes},
		{"ManyFrames", manyFrames},
		{"BothDirections", bothDirections},
		{"ConcurrentSenders", concurrentSenders},
		{"SharedContent", sharedContent},
		{"SharedContentAfterLargeFirst", largeFirst},
		{"ReceivedFramesBelongToTheReceiver", ownFrames},
		{"AnswerInsideReceive", answerInsideReceive},
		{"BlockedReceiver", blockedReceiver},
		{"ManyConnections", manyConnections},

		{"Fields", fields},
		{"Identities", identities},
		{"QueuedBeforeUp", queuedBeforeUp},
		{"RetryUntilClosed", retryUntilClosed},
		{"NoReconnect", noReconnect},
		{"SeveralListeners", severalListeners},
		{"IPv6", ipv6},
		{"ListenErrors", listenErrors},
		{"RefusedByAccept", refusedByAccept},

		{"DialedCloses", dialedCloses},
		{"AcceptedCloses", acceptedCloses},
		{"CloseInsideReceive", closeInsideReceive},
		{"CloseInsideRetry", closeInsideRetry},
		{"CloseInsideAllow", closeInsideAllow},
		{"Abort", abort},
		{"CloseDrains", closeDrains},
		{"SendThenClose", sendThenClose},
		{"DrainEnds", drainEnds},
		{"DrainBeforeUp", drainBeforeUp},
		{"NoReceiveAfterClose", noReceiveAfterClose},
		{"TransportCloseDrains", transportCloseDrains},
		{"AcceptedDrains", acceptedDrains},
		{"NoAcceptWhileDraining", noAcceptWhileDraining},
		{"TransportCloseEndsPeers", transportCloseEndsPeers},
		{"AfterTransportClose", afterTransportClose},
		{"CloseWaitsForHandlers", closeWaitsForHandlers},
		{"CloseAtAnyTime", closeAtAnyTime},

		{"Limits", limits},
		{"LargestAllowed", largestAllowed},

		{"Keys", keys},
		{"SecureStream", secureStream},
		{"UntrustedKey", untrustedKey},
		{"TrustedLater", trustedLater},
		{"WrongKey", wrongKey},
		{"OneEndWithoutKeys", oneEndWithoutKeys},
		{"NewKeys", newKeys},
	} {
		t.Run(c.name, func(t *testing.T) {
			running := goleak.IgnoreCurrent()
			t.Cleanup(func() {
				if !t.Failed() {
					goleak.VerifyNone(t, running)
				}
			})
			c.test(newWorld(t, mk, opts.withDefaults()))
		})
	}
}
