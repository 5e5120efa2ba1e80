package zre

import (
	"fmt"
	"testing"
)

// What an event holds counts, also where it has no octets of content.
func TestCostOfEvents(t *testing.T) {
	headers := make(map[string]string)
	for i := range 1000 {
		headers[fmt.Sprintf("%04d", i)] = ""
	}
	for _, c := range []struct {
		name string
		item item
		want int64
	}{
		{"WHISPER without a frame", item{from: &sender{}}, eventCost},
		{"frames", item{from: &sender{}, content: [][]byte{make([]byte, 10), make([]byte, 5)}}, eventCost + 15 + 2*frameCost},
		{"frames of no size", item{from: &sender{}, content: make([][]byte, 60_000)}, eventCost + 60_000*frameCost},
		{"JOIN", item{other: &Event{Name: "abc", Group: "de"}}, eventCost + 5},
		{"ENTER with headers", item{other: &Event{Headers: headers}}, eventCost + 1000*(4+headerCost)},
	} {
		if got := c.item.cost(); got != c.want {
			t.Errorf("%s: %d octets, want %d", c.name, got, c.want)
		}
	}
}
