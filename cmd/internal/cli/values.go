package cli

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/pflag"
)

// The types here are pflag.Values. Their errors say what would be right, because the same
// text is printed for a flag and for a line of zre.conf.

// Seconds is a duration above zero, given in seconds ("5", "0.5") or with a
// unit of its own ("250ms").
type Seconds time.Duration

// longest is the longest time that a flag accepts; more is a mistake.
const longest = 365 * 24 * time.Hour

func (s *Seconds) String() string {
	return strconv.FormatFloat(time.Duration(*s).Seconds(), 'f', -1, 64)
}

// Type is the name of the value in the help text.
func (s *Seconds) Type() string { return "SECONDS" }

// Set reads the value.
func (s *Seconds) Set(text string) error {
	d, err := parseSeconds(text)
	if err != nil {
		return err
	}
	*s = Seconds(d)
	return nil
}

func parseSeconds(text string) (time.Duration, error) {
	wrong := fmt.Errorf("not a number of seconds above 0 (right: 5, 0.5 or 250ms)")
	d, err := time.ParseDuration(text)
	if err != nil {
		f, ferr := strconv.ParseFloat(text, 64)
		if ferr != nil || math.IsNaN(f) {
			return 0, wrong
		}
		if f > longest.Seconds() {
			return 0, fmt.Errorf("longer than a year")
		}
		d = time.Duration(f * float64(time.Second))
	}
	switch {
	case d <= 0:
		return 0, wrong
	case d > longest:
		return 0, fmt.Errorf("longer than a year")
	}
	return d, nil
}

// Bound is a duration as Seconds is, which may be 0.
type Bound time.Duration

func (b *Bound) String() string { return (*Seconds)(b).String() }

// Type is the name of the value in the help text.
func (b *Bound) Type() string { return "SECONDS" }

// Set reads the value.
func (b *Bound) Set(text string) error {
	if f, err := strconv.ParseFloat(text, 64); err == nil && f == 0 {
		*b = 0
		return nil
	}
	d, err := parseSeconds(text)
	if err != nil {
		return fmt.Errorf("not a number of seconds (right: 10, 0.5, 250ms, or 0 for none)")
	}
	*b = Bound(d)
	return nil
}

// Size is a number of octets, with K, M or G for powers of 1024.
type Size int64

func (s *Size) String() string {
	n := int64(*s)
	for _, unit := range []struct {
		name string
		size int64
	}{{"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}} {
		if n >= unit.size && n%unit.size == 0 {
			return strconv.FormatInt(n/unit.size, 10) + unit.name
		}
	}
	return strconv.FormatInt(n, 10)
}

// Type is the name of the value in the help text.
func (s *Size) Type() string { return "OCTETS" }

// Set reads the value.
func (s *Size) Set(text string) error {
	number, factor := text, int64(1)
	if text != "" {
		switch text[len(text)-1] {
		case 'k', 'K':
			factor = 1 << 10
		case 'm', 'M':
			factor = 1 << 20
		case 'g', 'G':
			factor = 1 << 30
		}
	}
	if factor > 1 {
		number = text[:len(text)-1]
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 || n > math.MaxInt64/factor {
		return errors.New("not a number of octets above 0 (right: 4096, 64K or 1M)")
	}
	*s = Size(n * factor)
	return nil
}

// portRange is FIRST-LAST, or one port.
type portRange struct{ first, last int }

func (r *portRange) String() string {
	if r.first == 0 {
		return ""
	}
	return fmt.Sprintf("%d-%d", r.first, r.last)
}

func (r *portRange) Type() string { return "FIRST-LAST" }

func (r *portRange) Set(text string) error {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	a, errA := parsePort(strings.TrimSpace(first))
	b, errB := parsePort(strings.TrimSpace(last))
	if errA != nil || errB != nil || a > b {
		return errors.New("not a range of ports (right: 41000-41100, each from 1 to 65535)")
	}
	*r = portRange{a, b}
	return nil
}

func parsePort(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 {
		return 0, errors.New("not a port (right: a number from 1 to 65535)")
	}
	return int(n), nil
}

// port is one port number.
type port int

func (p *port) String() string { return strconv.Itoa(int(*p)) }
func (p *port) Type() string   { return "PORT" }

func (p *port) Set(text string) error {
	n, err := parsePort(text)
	if err == nil {
		*p = port(n)
	}
	return err
}

// nodeID is a UUID, given in any of its usual forms.
type nodeID uuid.UUID

func (n *nodeID) String() string {
	if id := uuid.UUID(*n); id != uuid.Nil {
		return id.String()
	}
	return ""
}

func (n *nodeID) Type() string { return "UUID" }

func (n *nodeID) Set(text string) error {
	id, err := uuid.Parse(text)
	if err != nil || id == uuid.Nil {
		return errors.New("not a UUID (right: 6ba7b810-9dad-11d1-80b4-00c04fd430c8)")
	}
	*n = nodeID(id)
	return nil
}

// hops is how far a datagram may go.
type hops uint8

func (h *hops) String() string { return strconv.Itoa(int(*h)) }
func (h *hops) Type() string   { return "HOPS" }

func (h *hops) Set(text string) error {
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil || n == 0 {
		return errors.New("not a number of hops (right: a whole number from 1, this network only, to 255)")
	}
	*h = hops(n)
	return nil
}

// headers collects NAME=VALUE pairs.
type headers map[string]string

func (h headers) String() string { return "" }
func (h headers) Type() string   { return "NAME=VALUE" }

func (h headers) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	name = strings.TrimSpace(name)
	if !ok || name == "" {
		return errors.New("not a header (right: NAME=VALUE)")
	}
	if len(name) > 255 {
		return errors.New("the name of the header is longer than 255 octets")
	}
	h[name] = value
	return nil
}

// multicastGroup is IP:PORT of an IPv4 multicast group.
type multicastGroup netip.AddrPort

func (m *multicastGroup) String() string {
	if a := netip.AddrPort(*m); a.IsValid() {
		return a.String()
	}
	return ""
}

func (m *multicastGroup) Type() string { return "IP:PORT" }

func (m *multicastGroup) Set(text string) error {
	a, err := netip.ParseAddrPort(text)
	if err != nil || !a.Addr().Is4() || !a.Addr().IsMulticast() || a.Port() == 0 {
		return errors.New("not an IPv4 multicast group with a port (right: 225.25.25.25:5670)")
	}
	*m = multicastGroup(a)
	return nil
}

// words is a list of strings that are not empty, one for each time given.
type words struct {
	list *[]string
	kind string
}

func (w words) String() string { return "" }
func (w words) Type() string   { return w.kind }

func (w words) Set(text string) error {
	if strings.TrimSpace(text) == "" {
		return fmt.Errorf("is empty (right: %s)", w.kind)
	}
	*w.list = append(*w.list, text)
	return nil
}

// List returns a flag that collects strings which are not empty. kind is what help calls one.
func List(list *[]string, kind string) pflag.Value { return words{list, kind} }

// endpoints is a list of tcp://HOST:PORT, one for each time given; tcp:// may
// be left out, and the port if there is a defaultPort. A key may follow after a |.
type endpoints struct {
	list        *[]string
	defaultPort int
	kind        string // how help calls it: HOST:PORT, IP:PORT
}

func (e endpoints) String() string { return "" }
func (e endpoints) Type() string   { return e.kind }

func (e endpoints) Set(text string) error {
	address, key, keyed := strings.Cut(text, "|")
	endpoint, err := parseEndpoint(address, e.defaultPort)
	if keyed {
		endpoint += "|" + key
	}
	if err == nil || keyed {
		// Errors about a flag quote its value, and what is behind the | might be a secret
		// key by mistake. A bad address before it is refused when the node starts.
		*e.list = append(*e.list, endpoint)
		return nil
	}
	return err
}

// endpoint is one tcp://HOST:PORT.
type endpoint struct{ text *string }

func (e endpoint) String() string { return "" }
func (e endpoint) Type() string   { return "IP:PORT" }

func (e endpoint) Set(text string) error {
	parsed, err := parseEndpoint(text, 0)
	if err == nil {
		*e.text = parsed
	}
	return err
}

func parseEndpoint(text string, defaultPort int) (string, error) {
	right := "192.0.2.1:31337 or tcp://192.0.2.1:31337"
	wrong := fmt.Errorf("not an address with a port (right: %s)", right)
	scheme, rest, hasScheme := strings.Cut(text, "://")
	if !hasScheme {
		rest = text
	} else if scheme != "tcp" {
		return "", fmt.Errorf("only tcp:// is supported (right: %s)", right)
	}
	if strings.ContainsFunc(rest, func(r rune) bool { return r <= ' ' || r == '/' || r == 0x7f }) {
		return "", wrong
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil && defaultPort > 0 {
		host, port, err = net.SplitHostPort(net.JoinHostPort(strings.Trim(rest, "[]"), strconv.Itoa(defaultPort)))
	}
	if err != nil || host == "" {
		return "", wrong
	}
	if strings.Contains(host, ":") { // of hosts, only an IPv6 address has colons
		if _, err := netip.ParseAddr(host); err != nil {
			return "", wrong
		}
	}
	if _, err := parsePort(port); err != nil {
		return "", fmt.Errorf("the port of an address: %w", err)
	}
	return "tcp://" + net.JoinHostPort(host, port), nil
}
