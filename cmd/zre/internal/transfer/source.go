package transfer

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/gozre/zre/internal/regular"
)

// Source is files and directories to give. It is safe for concurrent use: each receiver is sent to
// at its own pace.
type Source struct {
	Offer   Offer
	LeftOut []string // symbolic links, devices and incomplete files in directories

	paths []string    // by entry
	times []time.Time // of the last change, by entry
}

// Gather lists files and directories, and what is in the directories. Symbolic links are followed
// in names, not in directories.
func Gather(ctx context.Context, names []string) (*Source, error) {
	s := &Source{}
	_, _ = rand.Read(s.Offer.ID[:]) // It never fails, see package rand.
	for _, name := range names {
		full, err := filepath.Abs(name)
		if err != nil {
			return nil, err
		}
		base := filepath.Base(full)
		if base == string(filepath.Separator) || base == "." || filepath.VolumeName(full) == base {
			return nil, fmt.Errorf("%s: a whole file system has no name to give", name)
		}
		info, err := os.Stat(full)
		if err != nil {
			return nil, err
		}
		if err := s.add(ctx, full, base, info); err != nil {
			return nil, err
		}
	}
	if err := s.Offer.check(); err != nil {
		return nil, err
	}
	if size := len(Frames(s.Offer)[0]); size > maxFirst {
		return nil, fmt.Errorf("the list of names has %d octets, at most %d are possible", size, maxFirst)
	}
	return s, nil
}

// add adds a file, or a directory and what is in it.
func (s *Source) add(ctx context.Context, file, name string, info fs.FileInfo) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := CheckName(name); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if len(s.paths) == MaxEntries {
		return fmt.Errorf("there are more than %d files and directories", MaxEntries)
	}
	e := Entry{Name: name, Dir: info.IsDir(), Mode: info.Mode().Perm()}
	if info.Mode().IsRegular() {
		e.Size = info.Size()
	} else if !e.Dir {
		return fmt.Errorf("%s: %w", file, regular.ErrNotRegular)
	}
	s.Offer.Entries = append(s.Offer.Entries, e)
	s.paths = append(s.paths, file)
	s.times = append(s.times, info.ModTime())
	if !e.Dir {
		return nil
	}
	list, err := os.ReadDir(file)
	if err != nil {
		return err
	}
	for _, inside := range list {
		next := filepath.Join(file, inside.Name())
		info, err := inside.Info()
		switch {
		case errors.Is(err, fs.ErrNotExist): // it has just been removed
			continue
		case err != nil:
			return err
		case !info.IsDir() && !info.Mode().IsRegular(), hasPrefixFold(inside.Name(), PartPrefix):
			s.LeftOut = append(s.LeftOut, next)
			continue
		}
		if err := s.add(ctx, next, path.Join(name, inside.Name()), info); err != nil {
			return err
		}
	}
	return nil
}

// sending is a transfer to one receiver.
type sending struct {
	*Source
	run  uint32
	send func(Data) error
	buf  []byte
}

// Send sends what an ACCEPT asks for, file by file. It calls send for each message, whose payload
// may be used again when send returns.
func (s *Source) Send(ctx context.Context, accept Accept, send func(Data) error) error {
	t := &sending{Source: s, run: accept.Run, send: send, buf: make([]byte, ChunkSize)}
	claims := accept.Claims
	for i, e := range s.Offer.Entries {
		claim := Claim{}
		for len(claims) > 0 && claims[0].Index <= i {
			if claims[0].Index == i {
				claim = claims[0]
			}
			claims = claims[1:]
		}
		if e.Dir {
			continue
		}
		if err := t.file(ctx, i, claim); err != nil {
			return err
		}
	}
	return nil
}

// file sends one file.
func (t *sending) file(ctx context.Context, i int, claim Claim) error {
	f, err := t.open(i)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // It was only read.
	size := t.Offer.Entries[i].Size
	h := sha256.New()
	offset := int64(0)
	if claim.Octets > 0 && claim.Octets <= size || claim.Keep {
		offset, err = t.begin(ctx, f, h, i, claim)
		if err != nil || offset < 0 {
			return err
		}
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		chunk := t.buf[:min(int64(len(t.buf)), size-offset)]
		if _, err := f.ReadAt(chunk, offset); err != nil {
			return t.changed(i, err)
		}
		h.Write(chunk)
		d := Data{ID: t.Offer.ID, Run: t.run, Index: i, Offset: offset, Payload: chunk}
		offset += int64(len(chunk))
		if d.End = offset == size; d.End {
			if err := t.unchanged(i, f); err != nil {
				return err
			}
			d.Sum = Sum(h.Sum(nil))
		}
		if err := t.send(d); err != nil || d.End {
			return err
		}
	}
}

// begin looks whether the file begins as the claim says. It returns where to go on; -1: not at all,
// because the receiver keeps another file.
func (t *sending) begin(ctx context.Context, f *os.File, h hash.Hash, i int, claim Claim) (int64, error) {
	size := t.Offer.Entries[i].Size
	if claim.Octets <= size {
		if err := hashPart(ctx, h, f, claim.Octets, t.buf); err != nil {
			return 0, t.changed(i, err)
		}
	}
	whole := claim.Octets == size
	switch same := claim.Octets <= size && Sum(h.Sum(nil)) == claim.Sum; {
	case same && (whole || !claim.Keep):
		return claim.Octets, nil
	case claim.Keep:
		return -1, t.send(Data{ID: t.Offer.ID, Run: t.run, Index: i, Differs: true})
	}
	h.Reset()
	return 0, nil
}

// hashPart hashes the first octets of a file.
func hashPart(ctx context.Context, h hash.Hash, f *os.File, octets int64, buf []byte) error {
	for offset := int64(0); offset < octets; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := f.ReadAt(buf[:min(int64(len(buf)), octets-offset)], offset)
		h.Write(buf[:n])
		if offset += int64(n); offset < octets && err != nil {
			return err
		}
	}
	return nil
}

// open opens a file that is still the one that was listed.
func (s *Source) open(i int) (*os.File, error) {
	f, err := regular.Open(s.paths[i])
	if err != nil {
		return nil, err
	}
	if err := s.unchanged(i, f); err != nil {
		_ = f.Close() // It was only read.
		return nil, err
	}
	return f, nil
}

// unchanged holds that a file is what it was when it was listed.
func (s *Source) unchanged(i int, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() != s.Offer.Entries[i].Size || !info.ModTime().Equal(s.times[i]) {
		return s.changed(i, io.ErrUnexpectedEOF)
	}
	return nil
}

// changed is the error for a file that ended too early.
func (s *Source) changed(i int, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s was changed while it was sent", s.paths[i])
	}
	return err
}
