package choose

import (
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"testing"

	"github.com/gozre/zre/internal/transport"
)

func TestNew(t *testing.T) {
	cfg := transport.Config{
		Accept: func(*transport.Conn) transport.Handler { return nil },
		Logger: slog.New(slog.DiscardHandler),
	}
	for _, name := range append(Names(), "") {
		tr, err := New(name, cfg)
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if _, err := tr.Listen(netip.MustParseAddrPort("127.0.0.1:0")); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if err := tr.Close(0); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	wants := map[string]error{"carrier pigeon": ErrUnknown, "ZMTP": ErrUnknown}
	if !slices.Contains(Names(), Libzmq) {
		wants[Libzmq] = ErrNotBuiltIn
	}
	for name, want := range wants {
		if tr, err := New(name, cfg); tr != nil || !errors.Is(err, want) || !errors.Is(Check(name), want) {
			t.Errorf("%q: %v, %v; want %v", name, tr, err, want)
		}
	}
	if Names()[0] != Default {
		t.Errorf("the default is not the first of %v", Names())
	}
}
