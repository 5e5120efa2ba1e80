package transfer

import (
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"runtime"
)

// part is a file that is not complete. It is locked: two programs may receive into one directory.
type part struct {
	f      *os.File
	dir    *os.Root
	base   string // its name when it is complete
	offset int64
	sum    hash.Hash
}

// openPart opens an incomplete file, cut off at offset, or makes it.
func openPart(dir *os.Root, base string, mode fs.FileMode, sum hash.Hash, offset int64) (*part, error) {
	f, err := openLocked(dir, base, mode.Perm()|0o600)
	if err != nil {
		return nil, err
	}
	p := &part{f: f, dir: dir, base: base, sum: sum, offset: offset}
	info, err := f.Stat()
	switch {
	case err != nil:
	case info.Size() < offset:
		err = errors.New("the part that was received before was changed")
	case info.Size() > offset:
		err = f.Truncate(offset)
	}
	if err == nil {
		_, err = f.Seek(offset, io.SeekStart)
	}
	if err != nil {
		_ = f.Close() // Nothing was written.
		return nil, err
	}
	return p, nil
}

// openLocked opens the incomplete file of a name, or makes it, and locks it.
func openLocked(dir *os.Root, base string, mode fs.FileMode) (*os.File, error) {
	name := partName(base)
	f, err := dir.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		f, err = openOld(dir, base, name, mode)
	}
	if err != nil {
		return nil, err
	}
	err = lock(f)
	if err == nil {
		// The one that had the lock before may have given the file its name meanwhile.
		var here, there fs.FileInfo
		if here, err = f.Stat(); err == nil {
			if there, err = dir.Lstat(name); err != nil || !os.SameFile(here, there) {
				err = errInUse
			}
		}
	}
	if err != nil {
		_ = f.Close() // Nothing was written.
		return nil, err
	}
	return f, nil
}

// openOld opens an incomplete file that is there.
func openOld(dir *os.Root, base, name string, mode fs.FileMode) (*os.File, error) {
	info, err := dir.Lstat(name)
	if err != nil {
		return nil, err
	}
	if done, err := dir.Lstat(base); err == nil && os.SameFile(info, done) {
		// It was ended after it had got its name. Writing to it would change the complete file.
		return openNew(dir, name, mode)
	}
	f, err := openSame(dir, name, os.O_RDWR, info)
	if errors.Is(err, fs.ErrPermission) {
		// It was ended after it had got its mode.
		return openNew(dir, name, mode)
	}
	return f, err
}

// openNew replaces an incomplete file.
func openNew(dir *os.Root, name string, mode fs.FileMode) (*os.File, error) {
	if err := dir.Remove(name); err != nil {
		return nil, err
	}
	return dir.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
}

// add writes a piece.
func (p *part) add(e Entry, d Data) error {
	left := e.Size - p.offset
	switch n := int64(len(d.Payload)); {
	case d.Offset != p.offset:
		return fmt.Errorf("octets from %d on came, not from %d on", d.Offset, p.offset)
	case n > left:
		return fmt.Errorf("more than the %d octets came that were offered", e.Size)
	case d.End && n < left:
		return fmt.Errorf("it ended %d octets too early", left-n)
	case n == 0 && !d.End:
		return errors.New("an empty piece came")
	}
	if _, err := p.f.Write(d.Payload); err != nil {
		return err
	}
	p.sum.Write(d.Payload)
	p.offset += int64(len(d.Payload))
	return nil
}

// finish checks a file that has all its octets, and gives it its name and mode.
func (p *part) finish(e Entry, want Sum, force bool) (err error) {
	open := true
	closeFile := func() error {
		if !open {
			return nil
		}
		open = false
		return p.f.Close()
	}
	defer func() { err = errors.Join(err, closeFile()) }()
	if Sum(p.sum.Sum(nil)) != want {
		return errors.Join(errors.New("the checksum is wrong"), closeFile(), p.dir.Remove(partName(p.base)))
	}
	info, err := p.f.Stat()
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm() & e.Mode; mode != info.Mode().Perm() {
		if err := p.f.Chmod(mode); err != nil {
			return err
		}
	}
	if err := p.f.Sync(); err != nil {
		return err
	}
	if runtime.GOOS == "windows" { // There a file that is open gets no other name.
		if err := closeFile(); err != nil {
			return err
		}
	}
	return p.place(force)
}

// place gives a file its name. The lock is held.
func (p *part) place(force bool) error {
	name := partName(p.base)
	if force {
		return p.dir.Rename(name, p.base)
	}
	// A link replaces nothing, unlike renaming.
	err := p.dir.Link(name, p.base)
	switch {
	case err == nil:
		return p.dir.Remove(name)
	case errors.Is(err, fs.ErrExist):
		return &ExistsError{[]string{p.base}}
	}
	// This file system may have no links.
	if _, err := p.dir.Lstat(p.base); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(&ExistsError{[]string{p.base}}, err)
	}
	return p.dir.Rename(name, p.base)
}
