package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// tempPrefix is what the names of our temporary files start with, before that of the file that
// they are for.
const tempPrefix = ".zregen-"

// replacement writes and removes files together: first all new content goes to temporary files
// beside the old ones, then they change places. When one cannot, those before it change back.
// A process that is killed in between leaves temporary files, which the next run removes.
type replacement struct {
	rename func(from, to string) error // os.Rename, or what a test has in its place
	made   []string                    // directories, the deepest last
	steps  []step
	done   int // how many steps are carried out
}

// step is one file of a replacement.
type step struct {
	change
	temp   string // has the new content
	backup string // has the old one, once the step is carried out; empty if there was none
}

// replaceAll carries out a plan. When ctx ends before the files change places, none does.
func replaceAll(ctx context.Context, p plan, rename func(from, to string) error) error {
	if err := p.clean(); err != nil {
		return err
	}
	r := &replacement{rename: rename}
	err := r.stage(ctx, p.changes)
	if err == nil {
		err = r.commit()
	}
	if err != nil {
		return errors.Join(err, r.undo())
	}
	return r.finish()
}

// stage writes all new content to temporary files.
func (r *replacement) stage(ctx context.Context, changes []change) error {
	for _, c := range changes {
		if err := context.Cause(ctx); err != nil {
			return named(c.path, err)
		}
		s := step{change: c}
		if !c.remove {
			if err := r.makeDir(filepath.Dir(c.path)); err != nil {
				return err
			}
			var err error
			if s.temp, err = writeTemp(c); err != nil {
				return named(c.path, err)
			}
		}
		r.steps = append(r.steps, s)
	}
	return nil
}

// makeDir makes a directory and those above it that are missing, and remembers which.
func (r *replacement) makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := r.makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return named(dir, err)
	}
	r.made = append(r.made, dir)
	return nil
}

// writeTemp writes the content of a change to a temporary file beside its own.
func writeTemp(c change) (string, error) {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(c.path); err == nil {
		mode = info.Mode().Perm()
	}
	temp, err := os.CreateTemp(filepath.Dir(c.path), tempPrefix+filepath.Base(c.path)+"-*")
	if err != nil {
		return "", err
	}
	_, err = temp.Write(c.content)
	if err == nil {
		err = temp.Chmod(mode)
	}
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return "", errors.Join(err, os.Remove(temp.Name()))
	}
	return temp.Name(), nil
}

// commit lets the files change places.
func (r *replacement) commit() error {
	for i := range r.steps {
		if err := r.carryOut(&r.steps[i]); err != nil {
			return named(r.steps[i].path, err)
		}
		r.done++
	}
	return nil
}

func (r *replacement) carryOut(s *step) error {
	dir, base := filepath.Split(s.path)
	backup := filepath.Join(dir, tempPrefix+base+"-old")
	if s.remove {
		err := r.rename(s.path, backup)
		if err == nil {
			s.backup = backup
		}
		return err
	}
	// With a second name for the old content, the file is there at any time. Where the file
	// system has no such names the old content moves away for a moment.
	err := os.Link(s.path, backup)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		err = r.rename(s.path, backup)
	}
	switch {
	case err == nil:
		s.backup = backup
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := r.rename(s.temp, s.path); err != nil {
		if s.backup != "" {
			err = errors.Join(err, r.putBack(s))
		}
		return err
	}
	s.temp = ""
	return nil
}

// putBack gives a file its old content.
func (r *replacement) putBack(s *step) error {
	if err := r.rename(s.backup, s.path); err != nil {
		return err
	}
	// To rename one of two names of a file to the other does nothing.
	if err := os.Remove(s.backup); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// undo puts back what was there, and removes what this run has made.
func (r *replacement) undo() error {
	var faults []error
	for i := r.done - 1; i >= 0; i-- {
		s := &r.steps[i]
		var err error
		if s.backup != "" {
			err = r.putBack(s)
		} else {
			err = os.Remove(s.path)
		}
		if err != nil {
			faults = append(faults, named(s.path, err))
		}
	}
	for _, s := range r.steps {
		if s.temp != "" {
			if err := os.Remove(s.temp); err != nil {
				faults = append(faults, named(s.temp, err))
			}
		}
	}
	for i := len(r.made) - 1; i >= 0; i-- {
		if err := os.Remove(r.made[i]); err != nil {
			faults = append(faults, named(r.made[i], err))
		}
	}
	return errors.Join(faults...)
}

// finish removes the old content.
func (r *replacement) finish() error {
	var faults []error
	for _, s := range r.steps {
		if s.backup != "" {
			if err := os.Remove(s.backup); err != nil {
				faults = append(faults, named(s.backup, err))
			}
		}
	}
	return errors.Join(faults...)
}

// clean removes what an earlier run that was killed has left. In a directory that others write
// to as well, only what was for the files of this run: another run may be at work there.
func (p *plan) clean() error {
	var faults []error
	for dir, files := range p.dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // it is not there yet, or writing reports what is wrong
		}
		for _, entry := range entries {
			rest, temporary := strings.CutPrefix(entry.Name(), tempPrefix)
			if !temporary || !entry.Type().IsRegular() || !files.has(rest) {
				continue
			}
			path := filepath.Join(dir, entry.Name())
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				faults = append(faults, named(path, err))
			}
		}
	}
	return errors.Join(faults...)
}

// target is what a run may write to in a directory: all of it, or some files.
type target struct {
	all   bool
	files []string
}

// has reports whether a temporary file of that name, without the prefix, is for the target.
func (t target) has(name string) bool {
	return t.all || slices.ContainsFunc(t.files, func(file string) bool {
		return strings.HasPrefix(name, file+"-")
	})
}

// named gives an error the path of the file that it is about, in place of the one that it has.
func named(path string, err error) error {
	return fmt.Errorf("%s: %w", path, cause(err))
}

// cause leaves operations and paths out of an error: they may be those of a temporary file.
func cause(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// notDirectory reports whether a file stands where a directory should.
func notDirectory(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
