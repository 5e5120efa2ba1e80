//go:build unix

package e2e

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// TestHangupOfAService: without a terminal SIGHUP reads the configuration again, and the
// program goes on.
func TestHangupOfAService(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	file := configuration(t, h, "")
	cmd := h.Command(filepath.Join(dir, "zre"), "--json", "--stay")
	cmd.Env = append(os.Environ(), "ZRECFG="+file, "ZRENAME=")
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Setsid = true // A service has no terminal.
	said := &log{}
	cmd.Stderr = said
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	started, ended := make(chan error, 1), make(chan error, 1)
	go func() {
		lines := bufio.NewReader(output)
		_, err := lines.ReadString('\n')
		started <- err
		for err == nil {
			_, err = lines.ReadString('\n')
		}
		ended <- cmd.Wait()
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	select {
	case err := <-started:
		if err != nil {
			t.Fatalf("zre prints nothing: %v\n%s", err, said)
		}
	case <-time.After(patience):
		t.Fatal("zre does not start")
	}
	text, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, append(text, "name = other\ndebug\n"...), 0o600)
	}
	if err == nil {
		err = cmd.Process.Signal(syscall.SIGHUP)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"next start only\" keys=[name]", "msg=\"zre.conf was read again\""} {
		for end := time.Now().Add(patience); !strings.Contains(said.String(), want); <-time.After(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("the log does not say %q:\n%s", want, said)
			}
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("zre: %v\n%s", err, said)
		}
	case <-time.After(patience):
		t.Fatal("zre does not end")
	}
}
