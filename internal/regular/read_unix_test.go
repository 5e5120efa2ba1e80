//go:build unix

package regular

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	file, fifo := filepath.Join(dir, "file"), filepath.Join(dir, "fifo")
	if err := os.WriteFile(file, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		most int64
		want string
		err  error
	}{
		{file, 5, "12345", nil},
		{file, 4, "", ErrTooLarge},
		{fifo, 5, "", ErrNotRegular},
		{dir, 5, "", ErrNotRegular},
		{"/dev/zero", 5, "", ErrNotRegular},
		{os.DevNull, 5, "", nil},
		{filepath.Join(dir, "none"), 5, "", fs.ErrNotExist},
	} {
		data, err := ReadFile(c.name, c.most)
		if string(data) != c.want || !errors.Is(err, c.err) || (err != nil) != (c.err != nil) {
			t.Errorf("%s, at most %d: %q, %v", c.name, c.most, data, err)
		}
	}
}
