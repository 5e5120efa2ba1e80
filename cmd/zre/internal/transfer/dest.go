package transfer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
)

// Dest is a directory to receive into. Nothing outside of it is written, and no symbolic link in it
// is followed.
type Dest struct {
	root  *os.Root
	force bool

	// The directory that was used last, which the next file is most likely in too.
	parentName string
	parent     *os.Root
}

// ExistsError says that something is there which is not replaced.
type ExistsError struct{ Names []string }

func (e *ExistsError) Error() string {
	const most = 3
	names := e.Names[:min(len(e.Names), most)]
	text := strings.Join(names, ", ")
	if more := len(e.Names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text + ": already there, and not the same"
}

// errInUse says that two programs receive one file at a time.
var errInUse = errors.New("another zre get writes this file")

// OpenDest opens a directory to receive into. It is made if it is not there. With force, files in it
// are replaced.
func OpenDest(dir string, force bool) (*Dest, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Dest{root: root, force: force}, nil
}

// Close frees the directory.
func (d *Dest) Close() error { return errors.Join(d.forget(), d.root.Close()) }

// forget closes the directory that was used last.
func (d *Dest) forget() (err error) {
	if d.parent != nil {
		err = d.parent.Close()
	}
	d.parent, d.parentName = nil, ""
	return err
}

// in opens the directory that a name is in, and returns the last element of the name. The directory
// is good until the next call.
func (d *Dest) in(name string) (*os.Root, string, error) {
	dir, base := path.Dir(name), path.Base(name)
	if dir == "." {
		return d.root, base, nil
	}
	if d.parent != nil && d.parentName == dir {
		return d.parent, base, nil
	}
	if err := d.forget(); err != nil {
		return nil, "", err
	}
	at := d.root
	for element := range strings.SplitSeq(dir, "/") {
		next, err := enter(at, element)
		if at != d.root {
			_ = at.Close() // Only names were looked up in it.
		}
		if err != nil {
			return nil, "", err
		}
		at = next
	}
	d.parent, d.parentName = at, dir
	return at, base, nil
}

// enter opens a directory in another one, and no symbolic link to one.
func enter(at *os.Root, element string) (*os.Root, error) {
	before, err := at.Lstat(element)
	switch {
	case err != nil:
		return nil, err
	case !before.IsDir():
		return nil, &ExistsError{[]string{element}}
	}
	next, err := at.OpenRoot(element)
	if err != nil {
		return nil, err
	}
	after, err := next.Stat(".")
	if err == nil && !os.SameFile(before, after) {
		err = fmt.Errorf("%s: was replaced meanwhile", element)
	}
	if err != nil {
		_ = next.Close() // Nothing was done in it.
		return nil, err
	}
	return next, nil
}

// lstat says what is there; nil if nothing is.
func (d *Dest) lstat(name string) (fs.FileInfo, error) {
	dir, base, err := d.in(name)
	if err == nil {
		var info fs.FileInfo
		if info, err = dir.Lstat(base); err == nil {
			return info, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return nil, err
}

// mkdir makes a directory, and reports whether it was not there. The owner can write into it until
// setMode.
func (d *Dest) mkdir(e Entry) (bool, error) {
	dir, base, err := d.in(e.Name)
	if err != nil {
		return false, err
	}
	err = dir.Mkdir(base, e.Mode.Perm()|0o700)
	if !errors.Is(err, fs.ErrExist) {
		return err == nil, err
	}
	info, err := dir.Lstat(base)
	if err == nil && !info.IsDir() {
		err = &ExistsError{[]string{e.Name}}
	}
	return false, err
}

// setMode gives a directory that was made its mode, without what the umask takes away.
func (d *Dest) setMode(e Entry) error {
	dir, base, err := d.in(e.Name)
	if err != nil {
		return err
	}
	opened, err := enter(dir, base)
	if err != nil {
		return err
	}
	defer func() { _ = opened.Close() }() // Its mode is set, or not.
	info, err := opened.Stat(".")
	if err != nil || info.Mode().Perm() == info.Mode().Perm()&e.Mode {
		return err
	}
	return opened.Chmod(".", info.Mode().Perm()&e.Mode)
}

// sync makes the names in a directory permanent, where the system can do that.
func (d *Dest) sync(dir string) {
	root, _, err := d.in(path.Join(dir, "x"))
	if err != nil {
		return
	}
	f, err := root.Open(".")
	if err != nil {
		return
	}
	_ = f.Sync() // Not every file system can; the content of the files is on the disk.
	_ = f.Close()
}

// partName is the name of an incomplete file.
func partName(base string) string {
	if len(PartPrefix)+len(base) <= maxElement {
		return PartPrefix + base
	}
	sum := sha256.Sum256([]byte(base))
	return PartPrefix + hex.EncodeToString(sum[:])
}
