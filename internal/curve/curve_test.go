package curve

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The keys of ZeroMQ RFC 32's test case and of libzmq's documentation (zmq_curve).
const (
	rfcHex  = "8e0bdd697628b91d8f245587ee95c5b04d48963f79259877b49cd9063aead3b7"
	rfcText = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"

	manPublic = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
	manSecret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
)

func TestText(t *testing.T) {
	octets, err := hex.DecodeString(rfcHex)
	if err != nil {
		t.Fatal(err)
	}
	if got := Text([Size]byte(octets)); got != rfcText {
		t.Errorf("text %s, want %s", got, rfcText)
	}
	key, err := Parse(rfcText)
	if err != nil || hex.EncodeToString(key[:]) != rfcHex {
		t.Errorf("key %x, error %v", key, err)
	}
}

func TestPublic(t *testing.T) {
	if got, err := Public(manSecret); err != nil || got != manPublic {
		t.Errorf("public key %s, error %v, want %s", got, err, manPublic)
	}
	public, secret, err := NewPair()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Public(secret); err != nil || got != public {
		t.Errorf("public key %s, error %v, want %s", got, err, public)
	}
	seen := map[string]bool{public: true}
	for range 2000 {
		other, _, err := NewPair()
		if err != nil || seen[other] {
			t.Fatalf("the next pair is %s as well, error %v", other, err)
		}
		seen[other] = true
		if key, err := Parse(other); err != nil || key[0] == 0 {
			t.Fatalf("key %x, error %v", key, err)
		}
	}
}

func TestNoKey(t *testing.T) {
	for name, text := range map[string]string{
		"empty":      "",
		"short":      rfcText[1:],
		"long":       rfcText + "0",
		"a blank":    " " + rfcText[1:],
		"a quote":    `"` + rfcText[1:],
		"high octet": "\xff" + rfcText[1:],
		"overflow":   "#####" + rfcText[5:],
		"2^32":       "%nSc1" + rfcText[5:],
	} {
		t.Run(name, func(t *testing.T) {
			key, err := Parse(text)
			if !errors.Is(err, ErrKey) || key != [Size]byte{} {
				t.Errorf("key %x, error %v", key, err)
			}
			if len(text) > 5 && strings.Contains(err.Error(), text[5:]) {
				t.Errorf("the error tells the key: %v", err)
			}
			if _, err := Public(text); !errors.Is(err, ErrKey) {
				t.Errorf("public key: error %v", err)
			}
		})
	}
}

func TestTrust(t *testing.T) {
	for name, tc := range map[string]struct {
		list          []string
		own, rfc, bad bool
	}{
		"own":    {own: true},
		"listed": {list: []string{rfcText}, rfc: true},
		"any":    {list: []string{AnyKey}, own: true, rfc: true},
		"bad":    {list: []string{rfcText, "x"}, bad: true},
	} {
		trust, err := NewTrust(manPublic, tc.list)
		if (err != nil) != tc.bad || err != nil && !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
		if trust.Allows(manPublic) != tc.own || trust.Allows(rfcText) != tc.rfc || trust.Allows("") {
			t.Errorf("%s: own %t, listed %t, none %t", name, trust.Allows(manPublic), trust.Allows(rfcText), trust.Allows(""))
		}
	}
}

func TestTrustIsReplaced(t *testing.T) {
	own, other := Key(mustParse(t, manPublic)), Key(mustParse(t, rfcText))
	var trusted Trusted
	check := func(ownWant, otherWant bool) {
		t.Helper()
		if trusted.AllowsKey(own) != ownWant || trusted.Allows(rfcText) != otherWant ||
			trusted.AllowsKey(other) != otherWant || trusted.AllowsKey(Key{}) {
			t.Errorf("own %t, other %t", trusted.AllowsKey(own), trusted.AllowsKey(other))
		}
	}
	check(false, false)
	for _, c := range []struct {
		list []string
		own  bool
		rfc  bool
	}{{nil, true, false}, {[]string{rfcText}, false, true}, {[]string{AnyKey}, true, true}} {
		trust, err := NewTrust(manPublic, c.list)
		if err != nil {
			t.Fatal(err)
		}
		trusted.Set(trust)
		check(c.own, c.rfc)
	}
}

func mustParse(t *testing.T, text string) [Size]byte {
	t.Helper()
	key, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Each key has one text, and each text that is accepted is that of its key.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := [Size]byte(rapid.SliceOfN(rapid.Byte(), Size, Size).Draw(t, "key"))
		if got, err := Parse(Text(key)); err != nil || got != key {
			t.Fatalf("%x: %x, %v", key, got, err)
		}
		text := rapid.StringOfN(rapid.RuneFrom([]rune(alphabet)), TextSize, TextSize, -1).Draw(t, "text")
		if key, err := Parse(text); err == nil && Text(key) != text {
			t.Fatalf("%s: %x: %s", text, key, Text(key))
		}
	})
}
