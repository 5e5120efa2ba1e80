//go:build linux

package lab

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// lossy is a line that, with another one like it, loses this share of frames.
func lossy(share float64) float64 { return 1 - math.Sqrt(1-share) }

// testLossAndJitter: 20 % of all frames are lost and each takes up to 200 ms longer, and the user
// sees nothing of it: no EXIT, no message lost, none twice. (The small size loses 2 %.)
func testLossAndJitter(t *testing.T) {
	share := sized(0.02, 0.2)
	line := lab.Line{Loss: lossy(share), Jitter: 100 * time.Millisecond} // twice on the way
	_, ports := hosts(t, sized(3, 10), line)
	var all crew
	for i, p := range ports {
		all = append(all, start(t, p.Host, fmt.Sprint("n", i)))
	}
	all.meet(t, "g", patience)
	stop := all.talk("g", 500*time.Millisecond)
	time.Sleep(sized(6*time.Second, 3*time.Minute)) // The scenario: it lasts so long.
	sent := stop()
	all.heard(t, sent, patience)
	all.stayed(t)
	all.faultless(t)
	lost := 0
	for _, p := range ports {
		lost += p.Lost()
	}
	t.Logf("%v messages were sent, each to %d; %d frames were lost", sent, len(all)-1, lost)
}
