package regular

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// MaxSize is the usual limit, in octets.
const MaxSize = 1 << 20

// The errors, in a *fs.PathError.
var (
	ErrNotRegular = errors.New("is not a regular file")
	ErrTooLarge   = errors.New("is too large")
)

// ReadFile returns the content of a regular file of at most that many octets. The null
// device counts as an empty file.
func ReadFile(name string, most int64) ([]byte, error) {
	if name == os.DevNull {
		return nil, nil
	}
	f, err := Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("%w: more than %d octets", ErrTooLarge, most)}
	}
	return data, err
}

// Open opens a regular file to read.
func Open(name string) (*os.File, error) {
	f, err := open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("%w, it is %s", ErrNotRegular, kind(info.Mode()))}
	}
	if err != nil {
		_ = f.Close() // It was only read.
		return nil, err
	}
	return f, nil
}

func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a directory"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return m.Type().String()
}
