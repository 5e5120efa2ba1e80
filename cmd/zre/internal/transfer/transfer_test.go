package transfer

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, name string, content []byte, mode fs.FileMode) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(name), 0o755))
	must(t, os.WriteFile(name, content, 0o600))
	must(t, os.Chmod(name, mode))
}

// random is content of some size, the same each time.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b) // It never fails.
	return b
}

// tree is a directory with everything that there is, of a name.
func tree(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), "tree")
	write(t, filepath.Join(dir, "big"), random(3*ChunkSize+100), 0o640)
	write(t, filepath.Join(dir, "exact"), random(2*ChunkSize), 0o644)
	write(t, filepath.Join(dir, "empty"), nil, 0o644)
	write(t, filepath.Join(dir, "sub", "run"), []byte("#!/bin/sh\n"), 0o755)
	write(t, filepath.Join(dir, "sub", "locked"), []byte("x"), 0o400)
	must(t, os.MkdirAll(filepath.Join(dir, "sub", "nothing"), 0o750))
	return dir
}

func gather(t *testing.T, names ...string) *Source {
	t.Helper()
	s, err := Gather(t.Context(), names)
	must(t, err)
	return s
}

func dest(t *testing.T, dir string, force bool) *Dest {
	t.Helper()
	d, err := OpenDest(dir, force)
	must(t, err)
	t.Cleanup(func() { must(t, d.Close()) })
	return d
}

var errCut = errors.New("cut")

// move moves a source into a directory, but not more than most pieces (below 0: all). It returns
// how many octets were sent.
func move(t *testing.T, s *Source, d *Dest, most int) (octets int, err error) {
	t.Helper()
	in, err := d.Prepare(t.Context(), s.Offer)
	if err != nil {
		return 0, err
	}
	defer func() { must(t, in.Close()) }()
	accept := Accept{s.Offer.ID, 1, in.Claims()}
	err = s.Send(t.Context(), accept, func(m Data) error {
		if len(m.Payload) > 0 {
			if most == 0 {
				return errCut
			}
			most--
		}
		parsed, err := Parse(Frames(m))
		must(t, err)
		octets += len(m.Payload)
		return in.Data(parsed.(Data))
	})
	if (err == nil) != in.Complete() {
		t.Errorf("complete: %v, %v", in.Complete(), err)
	}
	if err == nil && in.Octets() != s.Offer.Total() {
		t.Errorf("%d octets of %d", in.Octets(), s.Offer.Total())
	}
	return octets, err
}

// same holds that two trees are the same, and that nothing else is in the second one's directory.
func same(t *testing.T, want, got string) {
	t.Helper()
	list := func(root string) map[string]string {
		all := map[string]string{}
		must(t, filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
			must(t, err)
			info, err := e.Info()
			must(t, err)
			content := info.Mode().String()
			if runtime.GOOS == "windows" {
				content = ""
			}
			if !e.IsDir() {
				data, err := os.ReadFile(name)
				must(t, err)
				content += string(data)
			}
			rel, err := filepath.Rel(root, name)
			must(t, err)
			all[rel] = content
			return nil
		}))
		return all
	}
	a, b := list(want), list(got)
	for name, content := range a {
		if b[name] != content {
			t.Errorf("%s: %.30q, want %.30q", name, b[name], content)
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			t.Errorf("%s is there", name)
		}
	}
}

func TestMove(t *testing.T) {
	from, to := tree(t), t.TempDir()
	s := gather(t, from)
	if n, err := move(t, s, dest(t, to, false), -1); err != nil || int64(n) != s.Offer.Total() {
		t.Fatal(n, err)
	}
	same(t, from, filepath.Join(to, "tree"))
	// What is there already is not sent again.
	if n, err := move(t, s, dest(t, to, false), -1); n != 0 || err != nil {
		t.Errorf("again: %d octets, %v", n, err)
	}
	same(t, from, filepath.Join(to, "tree"))
}

// A transfer is cut after each message, and goes on where it was.
func TestResume(t *testing.T) {
	from, to := tree(t), t.TempDir()
	total := 0
	for runs := 0; ; runs++ {
		n, err := move(t, gather(t, from), dest(t, to, false), 1)
		total += n
		if err == nil {
			break
		}
		if !errors.Is(err, errCut) || runs > 20 {
			t.Fatal(runs, err)
		}
	}
	same(t, from, filepath.Join(to, "tree"))
	if want := gather(t, from).Offer.Total(); int64(total) != want {
		t.Errorf("%d octets were sent, want %d", total, want)
	}
}

// A part of another file is not gone on with.
func TestResumeOther(t *testing.T) {
	dir, to := t.TempDir(), t.TempDir()
	file := filepath.Join(dir, "file")
	write(t, file, random(3*ChunkSize), 0o644)
	if _, err := move(t, gather(t, file), dest(t, to, false), 2); !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	for _, size := range []int{3 * ChunkSize, ChunkSize} {
		content := random(size)
		content[0]++
		write(t, file, content, 0o644)
		if n, err := move(t, gather(t, file), dest(t, to, true), -1); err != nil || n != size {
			t.Fatal(n, err)
		}
		same(t, dir, to)
	}
}

func TestExisting(t *testing.T) {
	dir, to := t.TempDir(), t.TempDir()
	file, there := filepath.Join(dir, "file"), filepath.Join(to, "file")
	write(t, file, []byte("new"), 0o644)
	for _, old := range []string{"old", "older", ""} {
		write(t, there, []byte(old), 0o644)
		_, err := move(t, gather(t, file), dest(t, to, false), -1)
		if exists, ok := errors.AsType[*ExistsError](err); !ok || exists.Names[0] != "file" {
			t.Fatal(old, err)
		}
		if data, err := os.ReadFile(there); err != nil || string(data) != old {
			t.Fatalf("%q, %v", data, err)
		}
	}
	_, err := move(t, gather(t, file), dest(t, to, true), -1)
	must(t, err)
	same(t, dir, to)
}

// A directory is not replaced by a file, nor a file by a directory.
func TestExistingOfAnotherKind(t *testing.T) {
	from, to := tree(t), t.TempDir()
	must(t, os.MkdirAll(filepath.Join(to, "tree", "big"), 0o755))
	write(t, filepath.Join(to, "tree", "sub"), []byte("x"), 0o644)
	_, err := move(t, gather(t, from), dest(t, to, true), -1)
	exists, ok := errors.AsType[*ExistsError](err)
	if !ok || strings.Join(exists.Names, " ") != "tree/big tree/sub" {
		t.Fatal(err)
	}
}

// A file that comes into being while another one is received is not replaced.
func TestExistingMeanwhile(t *testing.T) {
	dir, to := t.TempDir(), t.TempDir()
	file := filepath.Join(dir, "file")
	write(t, file, random(2*ChunkSize), 0o644)
	s, d := gather(t, file), dest(t, to, false)
	in, err := d.Prepare(t.Context(), s.Offer)
	must(t, err)
	write(t, filepath.Join(to, "file"), []byte("other"), 0o644)
	err = s.Send(t.Context(), Accept{s.Offer.ID, 1, in.Claims()}, in.Data)
	if _, ok := errors.AsType[*ExistsError](err); !ok {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(filepath.Join(to, "file")); string(data) != "other" {
		t.Errorf("%q", data)
	}
}

// What a putter sends that lies is refused, and nothing appears under the file's name.
func TestHostileData(t *testing.T) {
	sum := Sum{}
	for name, messages := range map[string][]Data{
		"too much":           {{Payload: []byte("12345678901")}},
		"too much in pieces": {{Payload: []byte("1234567890")}, {Offset: 10, Payload: []byte("1")}},
		"too little":         {{Payload: []byte("123"), End: true, Sum: sum}},
		"a gap":              {{Payload: []byte("123")}, {Offset: 4, Payload: []byte("567890")}},
		"backwards":          {{Payload: []byte("123")}, {Offset: 0, Payload: []byte("123")}},
		"in the middle":      {{Offset: 3, Payload: []byte("4567890")}},
		"empty":              {{}},
		"checksum":           {{Payload: []byte("1234567890"), End: true, Sum: sum}},
		"another file":       {{Index: 1, Payload: []byte("1234567890")}},
		"no such file":       {{Index: 2, Payload: []byte("1234567890")}},
		"differs":            {{Differs: true}},
		"at the end":         {{Offset: 10, End: true}},
	} {
		to := t.TempDir()
		d := dest(t, to, false)
		in, err := d.Prepare(t.Context(), Offer{testID, []Entry{{Name: "file", Mode: 0o644, Size: 10}, {Name: "two", Size: 10}}})
		must(t, err)
		for i, m := range messages {
			if err = in.Data(m); err != nil && i < len(messages)-1 {
				t.Fatalf("%s: message %d: %v", name, i, err)
			}
		}
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		must(t, in.Close())
		if _, err := os.Lstat(filepath.Join(to, "file")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the file is there: %v", name, err)
		}
	}
}

// Symbolic links in the directory lead nowhere.
func TestLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege on Windows")
	}
	outside := t.TempDir()
	victim := filepath.Join(outside, "victim")
	offer := Offer{testID, []Entry{{Name: "d", Dir: true, Mode: 0o755}, {Name: "d/victim", Mode: 0o644, Size: 1}}}
	file := Offer{testID, []Entry{{Name: "victim", Mode: 0o644, Size: 1}}}
	data := func(i int) Data {
		return Data{Index: i, Payload: []byte("x"), End: true}
	}
	for name, c := range map[string]struct {
		links map[string]string
		offer Offer
		force bool
	}{
		"directory outside":         {map[string]string{"d": outside}, offer, true},
		"directory inside":          {map[string]string{"d": "real"}, offer, true},
		"file":                      {map[string]string{"victim": victim}, file, false},
		"incomplete file":           {map[string]string{PartPrefix + "victim": victim}, file, true},
		"incomplete file, relative": {map[string]string{PartPrefix + "victim": "real/victim"}, file, true},
	} {
		to := t.TempDir()
		must(t, os.Mkdir(filepath.Join(to, "real"), 0o755))
		write(t, victim, []byte("untouched"), 0o644)
		write(t, filepath.Join(to, "real", "victim"), []byte("untouched"), 0o644)
		for link, target := range c.links {
			must(t, os.Symlink(target, filepath.Join(to, link)))
		}
		in, err := dest(t, to, c.force).Prepare(t.Context(), c.offer)
		if err == nil {
			err = in.Data(data(len(c.offer.Entries) - 1))
			must(t, in.Close())
		}
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		for _, v := range []string{victim, filepath.Join(to, "real", "victim")} {
			if content, err := os.ReadFile(v); string(content) != "untouched" {
				t.Errorf("%s: %s holds %q, %v", name, v, content, err)
			}
		}
	}
	// With --force a link is replaced, not followed.
	from, to := filepath.Join(t.TempDir(), "victim"), t.TempDir()
	write(t, from, []byte("new"), 0o644)
	must(t, os.Symlink(victim, filepath.Join(to, "victim")))
	_, err := move(t, gather(t, from), dest(t, to, true), -1)
	must(t, err)
	if content, _ := os.ReadFile(victim); string(content) != "untouched" {
		t.Errorf("%q", content)
	}
	same(t, filepath.Dir(from), to)
}

// Two programs do not write one file at a time.
func TestLocked(t *testing.T) {
	switch runtime.GOOS {
	case "linux", "darwin", "freebsd", "windows":
	default:
		t.Skip("this system has no locks that are used")
	}
	to := t.TempDir()
	offer := Offer{testID, []Entry{{Name: "file", Mode: 0o644, Size: 10}}}
	first, err := dest(t, to, false).Prepare(t.Context(), offer)
	must(t, err)
	must(t, first.Data(Data{Payload: []byte("12345")}))
	second, err := dest(t, to, false).Prepare(t.Context(), offer)
	must(t, err)
	if err := second.Data(Data{Payload: []byte("abcde")}); !errors.Is(err, errInUse) {
		t.Error(err)
	}
	must(t, first.Close())
	must(t, second.Data(Data{Payload: []byte("abcde")}))
	must(t, second.Close())
}

// A file that got its name, while its other name stayed, is not written to.
func TestTwoNames(t *testing.T) {
	dir, to := t.TempDir(), t.TempDir()
	write(t, filepath.Join(to, "file"), []byte("old content"), 0o644)
	must(t, os.Link(filepath.Join(to, "file"), filepath.Join(to, PartPrefix+"file")))
	write(t, filepath.Join(dir, "file"), bytes.Repeat([]byte("new"), 20), 0o644)
	s := gather(t, filepath.Join(dir, "file"))
	in, err := dest(t, to, true).Prepare(t.Context(), s.Offer)
	must(t, err)
	must(t, in.Data(Data{Payload: []byte("new")}))
	must(t, in.Close())
	if data, _ := os.ReadFile(filepath.Join(to, "file")); string(data) != "old content" {
		t.Fatalf("%q", data)
	}
	_, err = move(t, s, dest(t, to, true), -1)
	must(t, err)
	same(t, dir, to)
}

func TestSourceChanges(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	for name, change := range map[string]func(){
		"shorter": func() { must(t, os.Truncate(file, 10)) },
		"longer":  func() { must(t, os.Truncate(file, 10*ChunkSize)) },
		"gone":    func() { must(t, os.Remove(file)) },
	} {
		write(t, file, random(3*ChunkSize), 0o644)
		s, sent := gather(t, file), 0
		if name == "gone" {
			change()
		}
		err := s.Send(t.Context(), Accept{}, func(d Data) error {
			if sent++; sent == 1 {
				change()
			}
			if d.End {
				t.Errorf("%s: it was sent to its end", name)
			}
			return nil
		})
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestGather(t *testing.T) {
	dir := tree(t)
	write(t, filepath.Join(dir, PartPrefix+"x"), []byte("x"), 0o644)
	if runtime.GOOS != "windows" {
		must(t, os.Symlink("big", filepath.Join(dir, "link")))
	} else {
		write(t, filepath.Join(dir, PartPrefix+"y"), []byte("x"), 0o644)
	}
	s := gather(t, dir, filepath.Join(dir, "big"))
	if len(s.LeftOut) != 2 || s.Offer.Files() != 6 || len(s.Offer.Roots()) != 2 {
		t.Errorf("%+v", s)
	}
	for what, names := range map[string][]string{
		"is there twice":  {dir, dir},
		"no name to give": {filepath.VolumeName(dir) + string(filepath.Separator)},
		"nothing is":      {},
	} {
		if _, err := Gather(t.Context(), names); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v: %v", names, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Gather(ctx, []string{dir}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
