package beacon

import (
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/gozre/zre/internal/netif"
)

// A membership is a multicast group joined on an interface.
type membership struct {
	ifindex int
	group   netip.AddrPort
}

// follow keeps the routes and memberships in step with the interfaces until
// the channel of changes is closed.
func (t *transport) follow(changed <-chan struct{}, retry bool) {
	timer := time.NewTimer(retryPeriod)
	defer timer.Stop()
	wait := retryPeriod
	for {
		if !retry {
			timer.Stop()
		}
		select {
		case _, ok := <-changed:
			if !ok {
				return
			}
			wait = retryPeriod
		case <-timer.C:
			// What has not worked for long will not work soon.
			wait = min(2*wait, time.Minute)
		}
		retry = !t.refresh()
		timer.Reset(wait)
	}
}

// refresh looks at the interfaces again. It says whether all went well; else
// it is to be tried again.
func (t *transport) refresh() bool {
	log := t.logger()
	interfaces, err := netif.List()
	if err != nil {
		log.Debug("beacon: keeping to the interfaces known", "error", err)
		return false
	}
	interfaces = t.settings.choice.Filter(interfaces)
	for _, ifi := range interfaces {
		if !contains(t.interfaces, ifi) {
			log.Debug("beacon: using interface", "interface", ifi.String())
		}
	}
	for _, ifi := range t.interfaces {
		if !slices.ContainsFunc(interfaces, func(o netif.Interface) bool { return o.Index == ifi.Index }) {
			log.Debug("beacon: interface is gone", "interface", ifi.Name)
		}
	}
	return t.use(interfaces, log)
}

func contains(interfaces []netif.Interface, ifi netif.Interface) bool {
	return slices.ContainsFunc(interfaces, ifi.Equal)
}

// use makes these the interfaces that the transport uses. It says whether all
// that should be is now joined and prepared.
func (t *transport) use(interfaces []netif.Interface, log *slog.Logger) bool {
	if !t.settings.choice.All() {
		indexes := make([]int, len(interfaces))
		for n, ifi := range interfaces {
			indexes[n] = ifi.Index
		}
		t.accepted.Store(&indexes)
	}
	before := t.interfaces
	t.interfaces = interfaces
	joined := t.joinGroups(before, log)
	return t.prepareRoutes(log) && joined
}

// joinGroups leaves the groups on the interfaces that are gone and joins them
// on those that are there. Where anything about an interface has changed it
// joins again, because that tells the switch: a cable may have been moved to
// one that does not know yet who is in the group.
func (t *transport) joinGroups(before []netif.Interface, log *slog.Logger) bool {
	whole := true
	wanted := make(map[membership]bool)
	for _, ifi := range t.interfaces {
		for _, group := range t.settings.groups {
			if len(familyOf(group.Addr()).prefixes(ifi)) == 0 || t.sockets[bindingOf(group)] == nil {
				continue
			}
			m := membership{ifi.Index, group}
			wanted[m] = true
			if t.joined[m] && contains(before, ifi) {
				continue
			}
			on := &net.Interface{Index: ifi.Index, Name: ifi.Name}
			if err := t.sockets[bindingOf(group)].join(on, group.Addr()); err != nil {
				log.Debug("beacon: cannot join", "interface", ifi.Name, "group", group, "error", err)
				whole = false
				continue
			}
			t.joined[m] = true
		}
	}
	for m := range t.joined {
		if !wanted[m] {
			// The interface may be gone altogether, and the membership with it.
			_ = t.sockets[bindingOf(m.group)].leave(&net.Interface{Index: m.ifindex}, m.group.Addr())
			delete(t.joined, m)
		}
	}
	return whole
}

// prepareRoutes makes the routes to all targets, keeping those that are there.
func (t *transport) prepareRoutes(log *slog.Logger) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return true
	}
	whole := true
	before := make(map[target]route, len(t.routes))
	for _, r := range t.routes {
		before[r.target] = r
	}
	var routes []route
	fresh := false
	for _, target := range targetsOf(t.interfaces, t.settings) {
		r, there := before[target]
		if !there {
			sender, err := t.prepare(target)
			if err != nil {
				log.Debug("beacon: cannot prepare",
					"interface", target.name, "source", target.src, "error", err)
				whole = false
				continue
			}
			r = route{target: target, sender: sender}
			fresh = true
		}
		delete(before, target)
		routes = append(routes, r)
	}
	for _, r := range before {
		_ = r.sender.close()
	}
	t.routes = routes
	if fresh {
		// Those that are reached by a new address learn at once who is there.
		t.schedule.hurry()
		t.wakeAnnouncer()
	}
	return whole
}

// prepare makes what it takes to send to the target.
func (t *transport) prepare(target target) (sender, error) {
	if addr := target.dst.Addr(); addr == target.src {
		return loopbackSender{target}, nil
	}
	return t.sockets[bindingOf(target.dst)].prepare(target)
}
