//go:build linux

package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// testFewDescriptors: a zre may have 64 files open, and there are more peers than that allows. It
// meets as many as it can, keeps them, says that there are more, and is idle.
func testFewDescriptors(t *testing.T) {
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	_, ports := hosts(t, 2, lab.Line{})
	var peers crew
	for i := range 25 {
		peers = append(peers, launch(t, ports[0].Host, fmt.Sprint("n", i), "--join", "g"))
	}
	for _, w := range peers {
		w.await()
	}
	peers.awaitAll(t, "g", patience)
	zre := filepath.Join(dir, "zre")
	few := launchAs(t, ports[1].Host, "few", []string{"sh", "-c", `ulimit -n 64; exec "$0" "$@"`, zre}, "--join", "g")
	few.await()
	const least = 12
	eventually(t, fmt.Sprint("it sees ", least, " peers"), patience, func() bool { return len(few.sees()) >= least })
	time.Sleep(sized(3*time.Second, 30*time.Second)) // What is tried again and again has been by then.
	before, began := few.processorTime(), time.Now()
	time.Sleep(sized(3*time.Second, 30*time.Second)) // The scenario: so long is measured.
	share := float64(few.processorTime()-before) / float64(time.Since(began))
	t.Logf("it sees %d of 25 peers, has %d descriptors, and uses %.1f %% of a core", len(few.sees()), few.descriptors(), 100*share)
	if share > 0.2 {
		t.Errorf("it uses %.0f %% of a core", 100*share)
	}
	if n := few.says("level=WARN"); n == 0 || n > 20 {
		t.Errorf("%d warnings:\n%s", n, few.said())
	}
	crew{few}.stayed(t)
	crew{few}.faultless(t)
}

// testOutputClosed: what zre prints cannot be written, as to a disk that is full. It ends with a
// status other than 0, and says GOODBYE.
func testOutputClosed(t *testing.T) {
	_, ports := hosts(t, 2, lab.Line{})
	alice := start(t, ports[0].Host, "alice", "--join", "g")
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	closed := ports[1].Host.Command(filepath.Join(dir, "zre"), "--name", "closed", "--join", "g")
	closed.Env = append(os.Environ(), "ZRECFG="+os.DevNull, "ZRENAME=")
	closed.Stdout = full
	input, err := closed.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	if err := closed.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- closed.Wait() }()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("it ends with status 0, although nobody could read what it printed")
		}
	case <-time.After(patience):
		_ = closed.Process.Kill()
		t.Fatal("it goes on although nobody can read what it prints")
	}
	eventually(t, "alice is alone", patience, func() bool { return len(alice.sees()) == 0 })
	for _, e := range alice.all("EXIT", "", time.Time{}) {
		if e.Reason != "goodbye" {
			t.Errorf("it left without a GOODBYE: %+v", e)
		}
	}
}
