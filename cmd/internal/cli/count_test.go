package cli

import "testing"

func TestCount(t *testing.T) {
	var c Count
	for text, ok := range map[string]bool{"1": true, "100": true, "0": false, "-1": false, "x": false, "": false, "1.5": false} {
		if err := c.Set(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}
