package netif

import (
	"errors"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"
)

// Choice says which interfaces are to be used. The zero value is all of them.
type Choice struct {
	// Use names interfaces, or addresses of them: then only that address and its network are
	// used. They need not be there yet. All if there is none.
	Use []string
	// Exclude names interfaces that are not used. A name may be a pattern of package path,
	// such as br-*.
	Exclude []string
}

// Check finds what is wrong with a choice.
func (c Choice) Check() error {
	if slices.Contains(c.Use, "") || slices.Contains(c.Exclude, "") {
		return errors.New("want the name of an interface")
	}
	for _, pattern := range c.Exclude {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("%q is not a pattern: want a name in which * and ? stand for what is not given", pattern)
		}
	}
	return nil
}

// All reports whether all interfaces are chosen.
func (c Choice) All() bool { return len(c.Use)+len(c.Exclude) == 0 }

// Filter keeps the interfaces that are chosen.
func (c Choice) Filter(interfaces []Interface) []Interface {
	if c.All() {
		return interfaces
	}
	var kept []Interface
	for _, i := range interfaces {
		if i, ok := c.of(i); ok {
			kept = append(kept, i)
		}
	}
	return kept
}

// of returns an interface with those of its addresses that are chosen.
func (c Choice) of(i Interface) (Interface, bool) {
	switch {
	case c.excludes(i.Name):
		return i, false
	case len(c.Use) == 0 || slices.Contains(c.Use, i.Name):
		return i, true
	}
	named := func(p netip.Prefix) bool {
		return slices.ContainsFunc(c.Use, func(use string) bool {
			addr, err := netip.ParseAddr(use)
			return err == nil && addr.WithZone("").Unmap() == p.Addr() && (addr.Zone() == "" || addr.Zone() == i.Name)
		})
	}
	others := func(p netip.Prefix) bool { return !named(p) }
	i.Prefixes = slices.DeleteFunc(slices.Clone(i.Prefixes), others)
	i.Prefixes6 = slices.DeleteFunc(slices.Clone(i.Prefixes6), others)
	return i, len(i.Prefixes)+len(i.Prefixes6) > 0
}

func (c Choice) excludes(name string) bool {
	return slices.ContainsFunc(c.Exclude, func(pattern string) bool {
		matches, err := path.Match(pattern, name)
		return pattern == name || err == nil && matches
	})
}

// Missing says which of the chosen interfaces cannot be used now, and why: a *SelectError for
// the first of them, nil if there is none.
func (c Choice) Missing() error {
	if len(c.Use) == 0 {
		return nil
	}
	s, err := Look()
	if err != nil {
		return err
	}
	return c.MissingIn(s)
}

// MissingIn is Missing at the time of a survey.
func (c Choice) MissingIn(s Survey) error {
	for _, use := range c.Use {
		one := Choice{Use: []string{use}, Exclude: c.Exclude}
		if len(one.Filter(s.Usable)) > 0 {
			continue
		}
		reason, there := s.unusable[use]
		_, notAddr := netip.ParseAddr(use)
		switch {
		case c.excludes(use):
			reason = ErrExcluded
		case notAddr == nil:
			reason = ErrNotOurs
		case !there:
			reason = ErrNoInterface
		}
		return &SelectError{Name: use, Err: reason, Usable: Choice{Exclude: c.Exclude}.Filter(s.Usable)}
	}
	return nil
}

// String is the choice in words.
func (c Choice) String() string {
	words := strings.Join(c.Use, ", ")
	if len(c.Exclude) > 0 {
		words = strings.TrimSpace(words + " without " + strings.Join(c.Exclude, ", "))
	}
	return words
}
