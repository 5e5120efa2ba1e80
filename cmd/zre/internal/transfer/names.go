package transfer

import (
	"errors"
	"fmt"
	"math"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// PartPrefix is how the name of a file begins that is not complete.
const PartPrefix = ".zre-part-"

// The limits of names, in octets and elements.
const (
	maxName    = 4096
	maxElement = 255
	maxDepth   = 100
)

// CheckName checks a name of an offer: relative, elements with slashes between them, and nothing in
// it that leads elsewhere, also on other systems.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("the name is empty")
	case len(name) > maxName:
		return fmt.Errorf("the name has %d octets, at most %d are allowed", len(name), maxName)
	case !utf8.ValidString(name):
		return errors.New("the name is not UTF-8")
	case strings.ContainsFunc(name, func(r rune) bool { return r == '\\' || unicode.IsControl(r) }):
		return errors.New(`a backslash or a control character is in the name`)
	}
	elements := strings.Split(name, "/")
	if len(elements) > maxDepth {
		return fmt.Errorf("the name is %d directories deep, at most %d are allowed", len(elements), maxDepth)
	}
	for _, e := range elements {
		switch {
		case e == "":
			return errors.New("it is not a relative name, or two slashes follow each other")
		case e == "." || e == "..":
			return fmt.Errorf("%q is in the name", e)
		case len(e) > maxElement:
			return fmt.Errorf("an element of the name has %d octets, at most %d are allowed", len(e), maxElement)
		case hasPrefixFold(e, PartPrefix):
			return fmt.Errorf("names that begin with %s are for incomplete files", PartPrefix)
		}
	}
	return nil
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// checkSystem checks what one system does not allow in a name that CheckName allows.
func checkSystem(name, goos string) error {
	if goos != "windows" {
		return nil
	}
	for e := range strings.SplitSeq(name, "/") {
		switch {
		case strings.ContainsAny(e, `<>:"|?*`):
			return errors.New("a character is in the name that Windows does not allow")
		case strings.HasSuffix(e, ".") || strings.HasSuffix(e, " "):
			return errors.New("the name ends with a dot or a blank, which Windows does not keep")
		case isDevice(e):
			return errors.New("it is the name of a device on Windows")
		}
	}
	return nil
}

// isDevice reports whether Windows takes an element of a name for a device, with or without
// something behind a dot.
func isDevice(element string) bool {
	base, _, _ := strings.Cut(element, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	for _, port := range []string{"COM", "LPT"} {
		if number, ok := strings.CutPrefix(base, port); ok && utf8.RuneCountInString(number) == 1 {
			return strings.ContainsAny(number, "0123456789¹²³")
		}
	}
	return false
}

// check checks the list of an offer: good names, each once, each directory before what is in it.
func (m Offer) check() error {
	if len(m.Entries) == 0 {
		return errors.New("nothing is offered")
	}
	total := int64(0)
	known := make(map[string]bool, len(m.Entries)) // name → it is a directory
	for _, e := range m.Entries {
		if err := CheckName(e.Name); err != nil {
			return fmt.Errorf("%q: %w", shortened(e.Name), err)
		}
		if _, twice := known[e.Name]; twice {
			return fmt.Errorf("%q is there twice", shortened(e.Name))
		}
		if parent := path.Dir(e.Name); parent != "." && !known[parent] {
			return fmt.Errorf("%q is in a directory that is not in the list before it", shortened(e.Name))
		}
		if e.Size < 0 || e.Size > math.MaxInt64-total || e.Dir && e.Size != 0 {
			return fmt.Errorf("%q has %d octets", shortened(e.Name), e.Size)
		}
		total += e.Size
		known[e.Name] = e.Dir
	}
	return nil
}

// checkSystem checks what one system does not allow in an offer. On systems that do not tell
// large letters from small ones, two names must not be one.
func (m Offer) checkSystem(goos string) error {
	folded := make(map[string]string)
	for _, e := range m.Entries {
		if err := checkSystem(e.Name, goos); err != nil {
			return fmt.Errorf("%q: %w", shortened(e.Name), err)
		}
		if goos != "windows" && goos != "darwin" {
			continue
		}
		fold := strings.ToLower(e.Name)
		if other, ok := folded[fold]; ok {
			return fmt.Errorf("%q and %q are one name on this system", shortened(other), shortened(e.Name))
		}
		folded[fold] = e.Name
	}
	return nil
}

// Total is the octets of all files.
func (m Offer) Total() (n int64) {
	for _, e := range m.Entries {
		n += e.Size
	}
	return n
}

// Files is how many files there are.
func (m Offer) Files() (n int) {
	for _, e := range m.Entries {
		if !e.Dir {
			n++
		}
	}
	return n
}

// Roots are the entries that are in no directory of the offer.
func (m Offer) Roots() (roots []Entry) {
	for _, e := range m.Entries {
		if !strings.Contains(e.Name, "/") {
			roots = append(roots, e)
		}
	}
	return roots
}

// shortened is a name as an error shows it.
func shortened(name string) string {
	if len(name) > 100 {
		return name[:100] + "…"
	}
	return name
}
