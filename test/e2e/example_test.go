//go:build unix

package e2e

import (
	"bufio"
	"io"
	"testing"

	"github.com/gozre/zre/internal/lab"
)

// TestExample runs the program that README.md shows.
func TestExample(t *testing.T) {
	parallel(t)
	h := lab.New(t) // and not Loopback: it takes all interfaces that there are
	reader, writer := io.Pipe()
	defer reader.Close()
	start(t, h, writer, "welcome")
	guest := startShell(t, h, "--name", "guest")
	guest.say("/join test")
	if e := guest.expect("WHISPER", nil); e.Name != "host" || e.text() != "welcome to test" {
		t.Errorf("the guest was greeted by %+v", e)
	}
	guest.say("/shout test thank you")
	line, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil || line != "\"guest\" says [\"thank you\"]\n" {
		t.Errorf("the host printed %q, %v", line, err)
	}
}
