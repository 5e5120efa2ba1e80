package transfer

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	deep := strings.Repeat("d/", maxDepth-1)
	for name, want := range map[string]string{ // the system that refuses it: "", "windows" or "all"
		"a":                               "",
		"ä/b c/.hidden":                   "",
		"..a/...":                         "windows",
		strings.Repeat("x", maxElement):   "",
		deep + "x":                        "",
		"10:30.log":                       "windows",
		"what?":                           "windows",
		"a.":                              "windows",
		"a ":                              "windows",
		"a /b":                            "windows",
		"nul":                             "windows",
		"d/Com1.txt":                      "windows",
		"LPT²":                            "windows",
		"CONIN$":                          "windows",
		"aux .c":                          "windows",
		"com":                             "",
		"com10":                           "",
		"console":                         "",
		"":                                "all",
		"/":                               "all",
		"/a":                              "all",
		"a/":                              "all",
		"a//b":                            "all",
		".":                               "all",
		"a/.":                             "all",
		"..":                              "all",
		"a/../b":                          "all",
		`a\b`:                             "all",
		`..\b`:                            "all",
		"a\x00b":                          "all",
		"a\nb":                            "all",
		"a\x7f":                           "all",
		"a\u0085":                         "all",
		"\xff":                            "all",
		strings.Repeat("x", maxElement+1): "all",
		deep + "x/x":                      "all",
		strings.Repeat("x/", 2049) + "x":  "all",
		PartPrefix + "a":                  "all",
		"d/.ZRE-part-a":                   "all",
	} {
		got := ""
		if checkSystem(name, "windows") != nil {
			got = "windows"
		}
		if CheckName(name) != nil {
			got = "all"
		}
		if got != want {
			t.Errorf("%.40q is refused by %q, want %q", name, got, want)
		}
		if err := checkSystem(name, "linux"); err != nil {
			t.Errorf("%.40q: %v", name, err)
		}
	}
}

func TestNamesOfOneSystem(t *testing.T) {
	o := Offer{Entries: []Entry{{Name: "Read.me"}, {Name: "README"}, {Name: "read.ME"}}}
	for goos, want := range map[string]bool{"linux": true, "windows": false, "darwin": false} {
		if err := o.checkSystem(goos); (err == nil) != want {
			t.Errorf("%s: %v", goos, err)
		}
	}
}
