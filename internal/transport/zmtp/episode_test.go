package zmtp

import (
	"testing"
	"testing/synctest"
	"time"
)

// However often it fails and works, an episode is told once when it begins and once when it
// is over.
func TestEpisode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p episode
		var begun, ended int
		fail := func() { p.failed(func() { begun++ }) }
		work := func() { p.worked(func() { ended++ }) }
		want := func(when string, b, e int) {
			t.Helper()
			synctest.Wait()
			p.mu.Lock()
			defer p.mu.Unlock()
			if begun != b || ended != e {
				t.Errorf("%s: begun %d times, ended %d; want %d, %d", when, begun, ended, b, e)
			}
		}
		work()
		want("nothing has failed", 0, 0)
		for range 10 {
			fail()
			work()
			work()
			time.Sleep(calmAfter / 2)
		}
		want("it comes and goes", 1, 0)
		time.Sleep(calmAfter)
		want("it works", 1, 1)
		time.Sleep(10 * calmAfter)
		work()
		fail()
		time.Sleep(10 * calmAfter)
		want("it fails again", 2, 1)
		work()
		p.stop()
		time.Sleep(10 * calmAfter)
		want("stopped", 2, 1)
	})
}
