// Package lab gives tests hosts of their own: network namespaces of Linux, joined by cables or
// by a switch whose lines have a rate, a delay and losses, and which can be cut and mended.
// Nothing in a lab has a way to the network of the machine. Only tests import it.
//
//	 Host "a"               Switch (a goroutine per port)              Host "b"
//	┌────────────┐      ┌──────────────────────────────────┐      ┌────────────┐
//	│ zre   eth0 ├─TAP──┤ Line: queue, rate, delay, loss   ├──TAP─┤ eth0   zre │
//	└────────────┘      │ Filter: who may hear whom        │      └────────────┘
//	                    └──────────────────────────────────┘
//
// Hosts have IPv4 and IPv6, and can be without either. A line can be cut one way or both ways,
// and a host can get other addresses.
//
// A namespace has no name: this process holds it by a file descriptor, so that the kernel takes
// it away, with all its interfaces, when the test process ends, however it ends. The switch
// is ordinary Go between TAP devices and not the kernel's netem, which many kernels lack;
// so it can also partition a network, or lose just the packets that a test wants lost.
//
// A lab needs Linux, iproute2, nsenter (util-linux) and root. An ordinary user gets one too
// where the kernel allows user namespaces, if the test package has
//
//	func TestMain(m *testing.M) { os.Exit(lab.Main(m)) }
//
// Everywhere else the tests that ask for a lab are skipped and say why.
package lab
