//go:build linux

package lab

import "testing"

// The scenarios run in parts, one after the other at full size, so that each time it is the same
// ones that run beside each other and make lab takes as long as it says:
//
//	TestMany    200 nodes, which take all the processors while they meet
//	TestShort   what is over after a minute, and is not idle meanwhile
//	TestLong    scenario 9, which lasts ten minutes, and beside it what takes minutes and mostly waits
//
// In make test all run beside each other.

// scenario is one of a part.
type scenario struct {
	name string
	run  func(*testing.T)
}

var short = []scenario{
	{"AddressChanges", testAddressChanges},
	{"SeveralNetworks", testSeveralNetworks},
	{"ManyAddresses", testManyAddresses},
	{"InterfaceComesAndGoes", testInterfaceComesAndGoes},
	{"NoNetworkThenOne", testNoNetworkThenOne},
	{"LargeMessageOnASlowLine", testLargeMessageOnASlowLine},
	{"SlowLineIsNoDeafPeer", testSlowLineIsNoDeafPeer},
	{"TransferIsReset", testTransferIsReset},
	{"ConnectionsReset", testConnectionsReset},
	{"BlackHole", testBlackHole},
	{"ClockIsSet", testClockIsSet},
	{"FewDescriptors", testFewDescriptors},
	{"OutputClosed", testOutputClosed},
}

var long = []scenario{
	{"PowerLost", testPowerLost},
	{"LossAndJitter", testLossAndJitter},
	{"Parted", testParted},
	{"PartedGossip", testPartedGossip},
	{"BeaconsBlockedLater", testBeaconsBlockedLater},
	{"TCPBlockedOneWay", testTCPBlockedOneWay},
	{"KilledAndRestarted", testKilledAndRestarted},
	{"Stopped", testStopped},
}

// atOnce is how many scenarios run at the same time: all of a part, or as many of all parts as do
// not make each other slow.
func atOnce() string { return sized("8", "16") }

func TestShort(t *testing.T) {
	if full { // The compiler would take the processors from what runs beside it.
		if _, err := withClocks(); err != nil {
			t.Fatal(err)
		}
	}
	together(t, short)
}

func TestLong(t *testing.T) { together(t, long) }

// together runs the scenarios of a part beside each other.
func together(t *testing.T, part []scenario) {
	if !full {
		t.Parallel()
	}
	for _, s := range part {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.run(t)
		})
	}
}
