//go:build unix

package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// randomFile makes a file of that size.
func randomFile(t *testing.T, name string, size int64) string {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(f, rand.NewChaCha8([32]byte{5}), size); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

// sameFile holds that two files have the same content.
func sameFile(t *testing.T, want, got string) {
	t.Helper()
	var sums [2][]byte
	for i, name := range []string{want, got} {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			t.Fatal(err)
		}
		f.Close()
		sums[i] = h.Sum(nil)
	}
	if !bytes.Equal(sums[0], sums[1]) {
		t.Errorf("%s is not %s", got, want)
	}
}

// waitUntil waits until a condition holds.
func waitUntil(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// members waits until so many are in the group.
func members(t *testing.T, h *lab.Host, group string, n int) {
	t.Helper()
	start(t, h, nil, "zre", "wait", group, "-n", fmt.Sprint(n), "-t", "100").wait(0)
}

// saying waits until a program has said something on standard error.
func (p *program) saying(text string) {
	p.t.Helper()
	waitUntil(p.t, text, func() bool {
		select {
		case <-p.exited:
			if !strings.Contains(p.errors.String(), text) {
				p.t.Fatalf("it ended without %q", text)
			}
		default:
		}
		return strings.Contains(p.errors.String(), text)
	})
}

// TestPutToSeveral: those that run have everything although another one does not run, whose turn
// comes when it does, and no program's memory grows.
func TestPutToSeveral(t *testing.T) {
	parallel(t)
	size := int64(100e6)
	if full {
		size = 1e9
	}
	h := lab.Loopback(t)
	file := randomFile(t, filepath.Join(t.TempDir(), "file"), size)
	dirs, getters := []string{}, []*program{}
	for range 4 {
		dirs = append(dirs, t.TempDir())
		getters = append(getters, start(t, h, nil, "zre", "get", "--yes", "inbox", dirs[len(dirs)-1]))
	}
	members(t, h, "inbox", len(getters))
	began := time.Now()
	putter := start(t, h, nil, "zre", "put", file, "inbox")
	stopped := len(getters) - 1
	waitUntil(t, "a part of the file", func() bool {
		_, err := os.Stat(filepath.Join(dirs[stopped], ".zre-part-file"))
		return err == nil
	})
	getters[stopped].signal(syscall.SIGSTOP)
	for i, g := range getters[:stopped] {
		g.wait(0)
		sameFile(t, file, filepath.Join(dirs[i], "file"))
	}
	t.Logf("%d octets to %d receivers in %v", size, stopped, time.Since(began))
	getters[stopped].signal(syscall.SIGCONT)
	getters[stopped].wait(0)
	sameFile(t, file, filepath.Join(dirs[stopped], "file"))
	putter.wait(0)
	modest(t, append(getters, putter)...)
}

// TestPutDirectory gives a directory, twice, and then with a changed file in it.
func TestPutDirectory(t *testing.T) {
	parallel(t)
	out, status := script(t, lab.Loopback(t), `
		umask 022
		mkdir -p from/photos/sub/none to && cd from
		echo one > photos/one; echo two > photos/sub/two; : > "photos/ä b"
		chmod 4755 photos/one; chmod 640 photos/sub/two; chmod 750 photos/sub/none; ln -s one photos/link
		again() { # [FLAG]
			zre get --yes $1 inbox ../to > ../got 2> ../get.err & getter=$!
			zre wait inbox -t 60 && zre put photos inbox 2> ../put.err; echo put: $?
			wait $getter; echo get: $?; cat ../got
		}
		again
		cmp ../to/photos/one photos/one && cmp ../to/photos/sub/two photos/sub/two && echo same
		ls -lR ../to/photos | sed -n 's/^\([-d][-rwxst]*\).* /\1 /p'
		grep -o 'photos/link is left out' ../put.err
		again
		echo other > photos/one
		again; grep -o 'photos/one: already there' ../put.err ../get.err; cat ../to/photos/one
		again --force; cat ../to/photos/one; ls -A ../to`)
	const want = `put: 0
get: 0
../to/photos
same
-rwxr-xr-x one
drwxr-xr-x sub
-rw-r--r-- b
drwxr-x--- none
-rw-r----- two
photos/link is left out
put: 0
get: 0
../to/photos
put: 1
get: 1
../put.err:photos/one: already there
../get.err:photos/one: already there
one
put: 0
get: 0
../to/photos
other
photos
`
	if out != want || status != 0 {
		t.Errorf("status %d, output\n%swant\n%s", status, out, want)
	}
}

// TestPutRefused: without --yes and without a terminal nothing is taken.
func TestPutRefused(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	file, dir := randomFile(t, filepath.Join(t.TempDir(), "file"), 10), t.TempDir()
	getter := start(t, h, nil, "zre", "get", "inbox", dir)
	members(t, h, "inbox", 1)
	putter := start(t, h, nil, "zre", "put", file, "inbox")
	putter.wait(1)
	putter.saying("refused by ")
	putter.saying("it does not take files without --yes")
	getter.saying("refused file from ")
	if list, err := os.ReadDir(dir); err != nil || len(list) != 0 {
		t.Error(list, err)
	}
	getter.signal(syscall.SIGTERM)
	getter.wait(128 + int(syscall.SIGTERM))
}

// TestPutAsks: the user says no, and then yes.
func TestPutAsks(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	file, dir := randomFile(t, filepath.Join(t.TempDir(), "file"), 1234), t.TempDir()
	w := startTerminal(t, h, t.TempDir(), "get", "inbox", dir)
	members(t, h, "inbox", 1)
	for i, answer := range []string{"n", "y"} {
		putter := start(t, h, nil, "zre", "put", file, "inbox")
		w.until("the question", func() bool { return strings.Count(w.lines(), "[y/N]") == i+1 })
		w.shows(" offers file: 1 file, 1.2 kB.")
		w.press(answer + "\r")
		if answer == "n" {
			putter.wait(1)
			w.shows("refused file from ")
		} else {
			putter.wait(0)
		}
	}
	w.left()
	sameFile(t, file, filepath.Join(dir, "file"))
}
