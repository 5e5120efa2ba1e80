// Package transporttest is what every implementation of transport.Transport has to do,
// as tests. Each implementation calls Run from a test of its own:
//
//	transporttest.Run(t, func(t testing.TB, cfg transport.Config) transport.Transport {
//		…
//	}, transporttest.Options{})
//
// Options tell what an implementation cannot do. All sockets are on loopback.
//
// A world is one test: its nodes, each with a transport, and their handlers. A handler
// records what it is told and checks the rules of transport.Handler at each call: one
// call at a time, Up first, Down last and once. One mutex guards all that is recorded,
// and every wait goes through world.await, which has a deadline.
package transporttest
