package cli

import (
	"testing"
	"time"

	"github.com/spf13/pflag"
)

func TestValues(t *testing.T) {
	var list []string
	var one string
	seconds, bound, size, ports, udp, group := new(Seconds), new(Bound), new(Size), new(portRange), new(port), new(multicastGroup)
	tests := []struct {
		value pflag.Value
		text  string
		want  string // as String gives it back; "" for an error
	}{
		{seconds, "5", "5"}, {seconds, "0.25", "0.25"}, {seconds, "1500ms", "1.5"}, {seconds, "1e1", "10"},
		{seconds, "0", ""}, {seconds, "-1", ""}, {seconds, "NaN", ""}, {seconds, "Inf", ""}, {seconds, "1e300", ""}, {seconds, "", ""}, {seconds, "5 s", ""}, {seconds, "1e-12", ""}, {seconds, "9000h", ""},
		{bound, "10", "10"}, {bound, "0", "0"}, {bound, "0.0", "0"}, {bound, "250ms", "0.25"},
		{bound, "-1", ""}, {bound, "", ""}, {bound, "x", ""}, {bound, "NaN", ""}, {bound, "1e300", ""},
		{size, "1", "1"}, {size, "65536", "64K"}, {size, "64k", "64K"}, {size, "3M", "3M"}, {size, "2G", "2G"},
		{size, "0", ""}, {size, "-5", ""}, {size, "K", ""}, {size, "9223372036854775807K", ""}, {size, "1.5M", ""}, {size, "", ""},
		{ports, "41000-41100", "41000-41100"}, {ports, "7", "7-7"}, {ports, "1 - 65535", "1-65535"},
		{ports, "0-5", ""}, {ports, "5-4", ""}, {ports, "1-65536", ""}, {ports, "a-b", ""}, {ports, "-5", ""}, {ports, "", ""},
		{udp, "5670", "5670"}, {udp, "0", ""}, {udp, "70000", ""}, {udp, "x", ""},
		{group, "224.0.0.250:5670", "224.0.0.250:5670"}, {group, "224.0.0.250", ""}, {group, "10.0.0.1:1", ""}, {group, "[ff02::1]:1", ""}, {group, "224.0.0.250:0", ""},
	}
	for _, test := range tests {
		err := test.value.Set(test.text)
		switch {
		case test.want == "" && err == nil:
			t.Errorf("%T takes %q as %s", test.value, test.text, test.value)
		case test.want != "" && (err != nil || test.value.String() != test.want):
			t.Errorf("%T: %q gives %q, %v; want %q", test.value, test.text, test.value, err, test.want)
		}
	}

	for text, want := range map[string]string{
		"10.0.0.1:5": "tcp://10.0.0.1:5", "tcp://h:5": "tcp://h:5", "h": "tcp://h:31337", "[::1]:5": "tcp://[::1]:5", "::1": "tcp://[::1]:31337",
	} {
		list = nil
		if err := (endpoints{&list, GossipPort, "HOST:PORT"}).Set(text); err != nil || len(list) != 1 || list[0] != want {
			t.Errorf("%q gives %q, %v; want %q", text, list, err, want)
		}
	}
	for _, text := range []string{":::", "a:b:c", "[h:1"} {
		if err := (endpoints{&list, GossipPort, "HOST:PORT"}).Set(text); err == nil {
			t.Errorf("%q is taken as the endpoint %q", text, list[len(list)-1])
		}
	}
	for _, text := range []string{"", ":5", "h", "h:0", "h:x", "ipc://x:1", "tcp://h:1/x", "a b:1", "tcp://", "h:1\n", "a:b:1", "[a:b]:1", ":::1"} {
		if err := (endpoint{&one}).Set(text); err == nil {
			t.Errorf("%q is taken as the endpoint %q", text, one)
		}
	}
	if time.Duration(*seconds) != 10*time.Second {
		t.Errorf("a refused value changed the one before: %v", time.Duration(*seconds))
	}
}

func TestNearest(t *testing.T) {
	commands := []string{"/join", "/leave", "/shout", "/whisper", "/peers", "/groups", "/quit"}
	for word, want := range map[string]string{
		"/jion": "/join", "/shot": "/shout", "/wisper": "/whisper", "/w": "/whisper", "/QUIT": "/quit", "/exit": "", "hello": "", "/peer": "/peers", "/sh": "/shout",
	} {
		if got := Nearest(word, commands); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
