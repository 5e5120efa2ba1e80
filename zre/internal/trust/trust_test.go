package trust

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"github.com/gozre/zre/internal/curve"
)

func newPair(t *testing.T) (public curve.Key, secret string) {
	t.Helper()
	text, secret, err := curve.NewPair()
	if err != nil {
		t.Fatal(err)
	}
	public, err = curve.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return public, secret
}

func TestCheck(t *testing.T) {
	own, secret := newPair(t)
	friend, _ := newPair(t)
	stranger, _ := newPair(t)
	make := func(secret string, trusted ...string) *Trust {
		tr, err := New(secret, trusted, func(Refusal) {})
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	for _, c := range []struct {
		name  string
		trust *Trust
		key   curve.Key
		want  error
	}{
		{"plain and plain", make(""), curve.Key{}, nil},
		{"plain and secure", make(""), own, ErrSecure},
		{"secure and plain", make(secret), curve.Key{}, ErrPlain},
		{"own key by default", make(secret), own, nil},
		{"stranger by default", make(secret), stranger, ErrUntrusted},
		{"listed", make(secret, friend.String()), friend, nil},
		{"own key not listed", make(secret, friend.String()), own, ErrUntrusted},
		{"any", make(secret, curve.AnyKey), stranger, nil},
		{"any and plain", make(secret, curve.AnyKey), curve.Key{}, ErrPlain},
	} {
		if got := c.trust.Check(c.key); !errors.Is(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if c.trust.Secure() == (c.trust.Security() == nil) {
			t.Errorf("%s: secure %v, but what the transport needs is %v", c.name, c.trust.Secure(), c.trust.Security())
		}
	}
	tr := make(secret)
	if err := tr.Set([]string{friend.String(), "x"}); err == nil || !tr.Allows(own) || tr.Allows(friend) {
		t.Errorf("a bad list: error %v, own key %v, friend %v", err, tr.Allows(own), tr.Allows(friend))
	}
	if err := tr.Set([]string{friend.String()}); err != nil || tr.Allows(own) || !tr.Allows(friend) {
		t.Errorf("another list: error %v, own key %v, friend %v", err, tr.Allows(own), tr.Allows(friend))
	}
}

// Each refusal is counted and reported, and no stranger is let in.
func TestStrangers(t *testing.T) {
	_, secret := newPair(t)
	var reported []Refusal
	tr, err := New(secret, nil, func(r Refusal) { reported = append(reported, r) })
	if err != nil {
		t.Fatal(err)
	}
	allow := tr.Security().Allow
	from := netip.MustParseAddrPort("10.0.0.1:1")
	for i := range 100 {
		if allow(curve.Key{1, byte(i)}, from) == nil {
			t.Fatal("a stranger is let in")
		}
	}
	if tr.Refused() != 100 || len(reported) != 100 {
		t.Fatalf("%d counted, %d reported", tr.Refused(), len(reported))
	}
	want := Refusal{
		Cause: ErrUntrusted, What: "connection", From: "10.0.0.1", Host: "10.0.0.1", Key: curve.Key{1, 99},
	}
	if reported[99] != want {
		t.Errorf("%+v, want %+v", reported[99], want)
	}
	if text := fmt.Sprint(tr.Public()); len(text) != curve.TextSize {
		t.Errorf("public key %q", text)
	}
}
