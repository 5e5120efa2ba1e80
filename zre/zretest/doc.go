// Package zretest tests programs that use package zre without a network. Its nodes find each
// other and exchange messages in memory: no socket, no port, no interface of the host, and no
// other node that could disturb.
//
//	func TestGreeting(t *testing.T) {
//		network := zretest.New(t)
//		alice := network.Node("alice", zre.Config{Groups: []string{"chat"}})
//		bob := network.Node("bob", zre.Config{Groups: []string{"chat"}})
//		network.Meet(alice, bob)
//		if err := alice.Shout(t.Context(), "chat", []byte("hello")); err != nil {
//			t.Fatal(err)
//		}
//		ev := network.Next(bob, zre.EventShout)
//		…
//	}
//
// The nodes are those of package zre, with the same protocol, limits and errors. What differs
// is below them: beacons and connections do not leave the process, and nothing is encrypted,
// though keys are checked. Config.Transport and Discovery.Interfaces have no effect; nodes
// meet if they have the same Discovery.BeaconPort. Discovery.Gossip and GossipBind are errors.
//
// Code that calls zre.Start itself is tested in the same way: hand it Network.Context.
//
// # Time
//
// A test with testing/synctest sees its own time, in which waiting costs nothing: begin with
//
//	synctest.Test(t, func(t *testing.T) {
//		network := zretest.New(t)
//
// and the 30 s until a silent peer expires pass at once. Everything has to be made inside.
//
// # Waits
//
// Meet, Next and Wait end the test, and say what they have waited for, when it has not come
// after Patience.
package zretest
