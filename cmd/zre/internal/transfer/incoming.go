package transfer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path"
	"runtime"
)

// Incoming is a transfer on its way into a Dest.
type Incoming struct {
	dest   *Dest
	offer  Offer
	have   map[int]*had // by entry
	made   []Entry      // directories
	dirs   map[string]struct{}
	next   int // the entry that the next DATA is for
	part   *part
	octets int64
}

// had is what there is of a file.
type had struct {
	Claim
	whole bool      // it has its own name
	sum   hash.Hash // after these octets
}

// Prepare looks what there is of the files of an offer, and makes its directories. An *ExistsError
// names what is in the way; nothing is changed then.
func (d *Dest) Prepare(ctx context.Context, offer Offer) (*Incoming, error) {
	if err := offer.checkSystem(runtime.GOOS); err != nil {
		return nil, err
	}
	in := &Incoming{dest: d, offer: offer, have: make(map[int]*had), dirs: make(map[string]struct{})}
	if err := in.conflicts(); err != nil {
		return nil, err
	}
	buf := make([]byte, ChunkSize)
	for i, e := range offer.Entries {
		if e.Dir {
			continue
		}
		if err := in.look(ctx, i, buf); err != nil {
			return nil, err
		}
	}
	for _, e := range offer.Entries {
		if !e.Dir {
			continue
		}
		made, err := d.mkdir(e)
		if err != nil {
			return nil, err
		}
		if made {
			in.made = append(in.made, e)
			in.dirs[path.Dir(e.Name)] = struct{}{}
		}
	}
	in.skip()
	return in, in.finishIfComplete()
}

// conflicts names everything that is in the way.
func (in *Incoming) conflicts() error {
	var names []string
	for _, e := range in.offer.Entries {
		info, err := in.dest.lstat(e.Name)
		_, below := errors.AsType[*ExistsError](err)
		switch {
		case below: // what is in the way of its directory was named
		case err != nil:
			return err
		case info == nil:
		case e.Dir != info.IsDir():
			if e.Dir || info.IsDir() || !in.dest.force {
				names = append(names, e.Name)
			}
		case e.Dir, in.dest.force:
		case !info.Mode().IsRegular() || info.Size() != e.Size:
			names = append(names, e.Name)
		}
	}
	if len(names) > 0 {
		return &ExistsError{names}
	}
	return nil
}

// look finds what there is of one file.
func (in *Incoming) look(ctx context.Context, i int, buf []byte) error {
	e := in.offer.Entries[i]
	whole, err := in.dest.lstat(e.Name)
	if err != nil {
		return err
	}
	if whole == nil || in.dest.force {
		name := path.Join(path.Dir(e.Name), partName(path.Base(e.Name)))
		info, err := in.dest.lstat(name)
		if err != nil {
			return err
		}
		if info != nil && info.Mode().IsRegular() && info.Size() > 0 && info.Size() <= e.Size {
			return in.claim(ctx, i, name, info, false, buf)
		}
	}
	if whole != nil && whole.Mode().IsRegular() && whole.Size() == e.Size {
		return in.claim(ctx, i, e.Name, whole, true, buf)
	}
	return nil
}

// claim makes the checksum of what there is.
func (in *Incoming) claim(ctx context.Context, i int, name string, info fs.FileInfo, whole bool, buf []byte) error {
	dir, base, err := in.dest.in(name)
	if err != nil {
		return err
	}
	f, err := openSame(dir, base, os.O_RDONLY, info)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // It was only read.
	h := &had{whole: whole, sum: sha256.New()}
	h.Index, h.Octets, h.Keep = i, info.Size(), whole && !in.dest.force
	if err := hashPart(ctx, h.sum, f, h.Octets, buf); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	h.Sum = Sum(h.sum.Sum(nil))
	in.have[i] = h
	return nil
}

// openSame opens a file if it is still the regular file that info is of.
func openSame(dir *os.Root, base string, flag int, info fs.FileInfo) (*os.File, error) {
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: is not a regular file", base)
	}
	f, err := dir.OpenFile(base, flag|nonblock, 0)
	if err != nil {
		return nil, err
	}
	now, err := f.Stat()
	if err == nil && !os.SameFile(info, now) {
		err = fmt.Errorf("%s: was replaced meanwhile", base)
	}
	if err != nil {
		_ = f.Close() // Nothing was written.
		return nil, err
	}
	return f, nil
}

// Claims is what there is, for an ACCEPT.
func (in *Incoming) Claims() []Claim {
	var list []Claim
	for i := range in.offer.Entries {
		if h := in.have[i]; h != nil {
			list = append(list, h.Claim)
		}
	}
	return list
}

// Complete reports whether all files are there.
func (in *Incoming) Complete() bool { return in.next == len(in.offer.Entries) }

// Octets is how much of all files is there.
func (in *Incoming) Octets() int64 {
	if in.part != nil {
		return in.octets + in.part.offset
	}
	return in.octets
}

// Data takes a piece of a file. After an error the transfer has failed; what was received of the
// file stays for the next time, unless its checksum is wrong.
func (in *Incoming) Data(d Data) error {
	if in.Complete() || d.Index != in.next {
		return fmt.Errorf("entry %d came, not %d", d.Index, in.next)
	}
	e, h := in.offer.Entries[d.Index], in.have[d.Index]
	if d.Differs {
		return &ExistsError{[]string{e.Name}}
	}
	if in.part == nil {
		if h != nil && h.whole && d.End && d.Offset == e.Size && len(d.Payload) == 0 {
			if d.Sum != h.Sum {
				return fmt.Errorf("%s: the checksum is wrong", e.Name)
			}
			return in.fileDone(e)
		}
		if h != nil && h.Keep {
			return &ExistsError{[]string{e.Name}}
		}
		if err := in.open(e, h, d.Offset); err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
	}
	if err := in.part.add(e, d); err != nil {
		return fmt.Errorf("%s: %w", e.Name, err)
	}
	if !d.End {
		return nil
	}
	p := in.part
	in.part = nil
	if err := p.finish(e, d.Sum, in.dest.force); err != nil {
		return fmt.Errorf("%s: %w", e.Name, err)
	}
	in.dirs[path.Dir(e.Name)] = struct{}{}
	return in.fileDone(e)
}

// open begins a file, or goes on with it.
func (in *Incoming) open(e Entry, h *had, offset int64) error {
	sum := sha256.New()
	switch {
	case offset == 0:
	case h != nil && !h.whole && offset == h.Octets:
		sum = h.sum
	default:
		return fmt.Errorf("octets from %d on came, which were not asked for", offset)
	}
	dir, base, err := in.dest.in(e.Name)
	if err != nil {
		return err
	}
	in.part, err = openPart(dir, base, e.Mode, sum, offset)
	return err
}

// fileDone goes on to the next file.
func (in *Incoming) fileDone(e Entry) error {
	in.octets += e.Size
	in.next++
	in.skip()
	return in.finishIfComplete()
}

// skip passes directories: no DATA comes for them.
func (in *Incoming) skip() {
	for !in.Complete() && in.offer.Entries[in.next].Dir {
		in.next++
	}
}

// finishIfComplete gives directories their modes, the innermost first, and makes all names
// permanent.
func (in *Incoming) finishIfComplete() error {
	if !in.Complete() {
		return nil
	}
	for dir := range in.dirs {
		in.dest.sync(dir)
	}
	for i := len(in.made) - 1; i >= 0; i-- {
		if err := in.dest.setMode(in.made[i]); err != nil {
			return err
		}
	}
	in.made = nil
	return nil
}

// Close ends a transfer. What was received stays.
func (in *Incoming) Close() error {
	p := in.part
	in.part = nil
	if p != nil {
		return p.f.Close()
	}
	return nil
}

// Have is how much of all files was there at the beginning: complete files, and parts.
func (in *Incoming) Have() (n int64) {
	for _, h := range in.have {
		n += h.Octets
	}
	return n
}
