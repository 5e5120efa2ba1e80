package main

import (
	"strings"
	"testing"
)

func TestContent(t *testing.T) {
	ten := "0123456789"
	for _, test := range []struct {
		frames []string
		want   string
	}{
		{nil, " "},
		{[]string{"hello\n"}, " hello"},
		{[]string{"a", "", "b"}, " a |  | b"},
		{[]string{"a\tb\x1b[2J\u202e"}, ` a    b\x1b[2J\u202e`},
		{[]string{"one\r\ntwo\nthree\n"}, "\none\ntwo\nthree"},
		{[]string{strings.Repeat(ten, 50)}, " " + strings.Repeat(ten, 50)},
		{[]string{strings.Repeat(ten, 51)}, " " + strings.Repeat(ten, 50) + "… (510 octets in all)"},
		{[]string{strings.Repeat("x", 499) + "žx"}, " " + strings.Repeat("x", 499) + "… (502 octets in all)"}, // no half ž
		{[]string{strings.Repeat("a", 400), strings.Repeat("b", 400), "c"}, " " + strings.Repeat("a", 400) + " | " + strings.Repeat("b", 100) + "… | … (801 octets in all)"},
		{[]string{strings.Repeat("l\n", 20)}, "\n" + strings.Repeat("l\n", 11) + "l… (40 octets in all)"},
		{[]string{"\x00\x01"}, " <2 octets, not text: 00 01>"},
		{[]string{"text", strings.Repeat("\xff", 2000)}, " text | <2.0 kB, not text: ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff …>"},
		{[]string{"mostly text \xff and more of it"}, ` mostly text \xff and more of it`},
	} {
		if got := content(frames(test.frames...)); got != test.want {
			t.Errorf("%.60q:\n%q, want\n%q", test.frames, got, test.want)
		}
	}
}

func TestOctets(t *testing.T) {
	for n, want := range map[int]string{0: "0 octets", 1: "1 octet", 999: "999 octets", 1000: "1.0 kB", 1_500_000: "1.5 MB", 2_000_000_000: "2.0 GB"} {
		if got := octets(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := number(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestColorModes(t *testing.T) {
	for _, test := range []struct {
		mode     colorMode
		terminal string
		noColor  string
		want     bool
	}{
		{colorAuto, "xterm-256color", "", true}, {colorAuto, "xterm-256color", "1", false},
		{colorAuto, "dumb", "", false}, {colorAuto, "vt100", "", false}, {colorAuto, "linux", "", true},
		{colorAlways, "vt100", "1", true}, {colorNever, "xterm", "", false},
	} {
		env := map[string]string{"TERM": test.terminal, "NO_COLOR": test.noColor}
		if got := test.mode.colored(func(name string) string { return env[name] }); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
	var m colorMode
	if err := m.Set("sometimes"); err == nil || m.Set("never") != nil || m != colorNever {
		t.Errorf("%v, %v", m, err)
	}
}

// Tables fit, and break no word as long as there is room for the words.
func TestFitTable(t *testing.T) {
	rows := [][]string{{"NAME", "ADDRESS", "GROUPS"}, {"alice", "127.0.0.1:41000", "chat, time, a group with many words"}}
	want := "NAME   ADDRESS          GROUPS\n" +
		"alice  127.0.0.1:41000  chat, time, a\n" +
		"                        group with many\n" +
		"                        words"
	if got := fitTable(rows, 40); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for width := 12; width < 60; width++ {
		for row := range strings.SplitSeq(fitTable(rows, width), "\n") {
			if w := widthOf(row); w > width {
				t.Errorf("%q is %d wide of %d", row, w, width)
			}
		}
	}
	if !keepsWords(rows, 30) || keepsWords(rows, 29) {
		t.Error("30 columns are enough, 29 are not")
	}
}
