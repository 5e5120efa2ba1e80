package main

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestDashboardShowsServers checks that the numbers that the example dashboard shows are served.
func TestDashboardShowsServers(t *testing.T) {
	text, err := os.ReadFile("../../packaging/grafana/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile(`\bzgossip_[a-z_]+`).FindAllString(string(text), -1)
	if len(shown) < 5 {
		t.Fatalf("it shows only %q", shown)
	}
	for _, name := range shown {
		known := slices.ContainsFunc(table(), func(m metric) bool { return "zgossip_"+m.name == name })
		if !known {
			t.Errorf("%s is shown, and no such metric is served", name)
		}
	}
}
