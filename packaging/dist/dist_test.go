package main

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

const (
	testVersion = "v1.2.3-5-g0123456789ab"
	testSeconds = "1700000000"
)

// makeRelease makes a release of a fixed version into a new directory.
func makeRelease(t *testing.T, systems []string, packages bool) string {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh on this machine: nothing is packed")
	}
	t.Setenv("VERSION", testVersion)
	t.Setenv("SOURCE_DATE_EPOCH", testSeconds)
	out := t.TempDir()
	if err := run(t.Context(), filepath.Join("..", ".."), out, systems, packages); err != nil {
		t.Fatal(err)
	}
	return out
}

// again sets what differs from one machine to the next.
func again(t *testing.T) {
	t.Helper()
	t.Setenv("TZ", "Asia/Tokyo")
	t.Setenv("LC_ALL", "C")
	t.Setenv("GOFLAGS", "-tags=nothing")
	t.Setenv("GOAMD64", "v3")
	t.Setenv("TMPDIR", t.TempDir())
}

// TestReproducible makes releases twice. In `make test` that is the archive for this machine,
// in `make test-dist` (ZRE_DIST=full) everything, which takes minutes. ZRE_DIST=host makes what
// is for this machine, packages too, and installs them.
func TestReproducible(t *testing.T) {
	systems, packages := []string{runtime.GOOS + "/" + runtime.GOARCH}, false
	switch os.Getenv("ZRE_DIST") {
	case "full":
		systems, packages = allSystems(), true
	case "host":
		packages = true
	}
	if _, err := parseSystem(systems[0]); err != nil {
		t.Skipf("nothing is released for %s", systems[0])
	}
	if testing.Short() {
		t.Skip("not in short mode: it builds the programs")
	}
	first := makeRelease(t, systems, packages)
	again(t)
	second := makeRelease(t, systems, packages)
	sums := read(t, filepath.Join(first, sumsFile))
	if got := read(t, filepath.Join(second, sumsFile)); got != sums {
		t.Errorf("two releases of the same differ:\n%s\nand\n%s", sums, got)
	}
	want := len(systems)
	for _, s := range systems {
		if packages && strings.HasPrefix(s, "linux/") {
			want += 3
		}
	}
	if n := strings.Count(sums, "\n"); n != want {
		t.Errorf("%d files, want %d:\n%s", n, want, sums)
	}
	if runtime.GOOS != "windows" {
		root := checkArchive(t, first)
		t.Run("install", func(t *testing.T) { installAndUninstall(t, filepath.Join(root, "bin")) })
	}
	if packages {
		installEverywhere(t, first)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// checkArchive looks at what is in the archive for this machine. It returns where it is unpacked.
func checkArchive(t *testing.T, dir string) (root string) {
	t.Helper()
	name := "zre-1.2.3-5-g0123456789ab-" + runtime.GOOS + "-" + runtime.GOARCH
	file, err := os.Open(filepath.Join(dir, name+".tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*tar.Header{}
	root = t.TempDir()
	previous := ""
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		inside, ok := strings.CutPrefix(h.Name, name+"/")
		if !ok || h.Name < previous {
			t.Errorf("%s is at the wrong place, after %s", h.Name, previous)
		}
		previous = h.Name
		if h.ModTime.Unix() != 1700000000 || h.Uid != 0 || h.Gid != 0 || h.Uname != "" {
			t.Errorf("%s: time %v, owner %d %d %q", h.Name, h.ModTime, h.Uid, h.Gid, h.Uname)
		}
		files[inside] = h
		if h.Typeflag == tar.TypeReg {
			unpack(t, r, filepath.Join(root, filepath.FromSlash(inside)), h.FileInfo().Mode())
		}
	}
	for _, program := range programs() {
		for _, want := range []string{
			"bin/" + program, "share/man/man1/" + program + ".1", "share/bash-completion/completions/" + program,
			"share/zsh/site-functions/_" + program, "share/fish/vendor_completions.d/" + program + ".fish",
			"share/doc/zre/" + program + ".cdx.json",
		} {
			if files[want] == nil {
				t.Errorf("%s is missing", want)
			}
		}
		if h := files["bin/"+program]; h != nil && h.Mode != 0o755 {
			t.Errorf("%s has the mode %o", h.Name, h.Mode)
		}
		out, err := exec.Command(filepath.Join(root, "bin", program), "--version").CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), program+" "+testVersion+" (") || !strings.Contains(string(out), "2023-11-14") {
			t.Errorf("%s --version: %v %s", program, err, out)
		}
		checkSBOM(t, filepath.Join(root, "share", "doc", "zre", program+".cdx.json"), program)
	}
	for _, want := range []string{"share/man/man5/zre.conf.5", "share/man/man7/zre.7", "share/doc/zre/LICENSE",
		"share/doc/zre/README.md", "share/doc/zre/docs/guide.md", "share/doc/zre/docs/map.png"} {
		if files[want] == nil {
			t.Errorf("%s is missing", want)
		}
	}
	return root
}

func unpack(t *testing.T, r io.Reader, file string, mode os.FileMode) {
	t.Helper()
	data, err := io.ReadAll(r)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o755)
	}
	if err == nil {
		err = os.WriteFile(file, data, mode)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// checkSBOM checks that an SBOM says which program it is about, and which modules are in it.
func checkSBOM(t *testing.T, file, program string) {
	t.Helper()
	var bom struct {
		BomFormat, SpecVersion string
		Metadata               struct {
			Component struct{ Version, Purl string }
		}
		Components []struct {
			Name, Version, Purl string
			Hashes              []struct{ Alg, Content string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, file)), &bom); err != nil {
		t.Fatal(err)
	}
	about := bom.Metadata.Component
	if bom.BomFormat != "CycloneDX" || about.Version != testVersion || !strings.HasSuffix(about.Purl, "#cmd/"+program) {
		t.Errorf("%s: %+v", file, bom.Metadata)
	}
	for _, c := range bom.Components {
		if c.Name == "github.com/spf13/cobra" && c.Version != "" && strings.HasPrefix(c.Purl, "pkg:golang/") && len(c.Hashes) > 0 {
			return
		}
	}
	t.Errorf("%s does not list cobra, which is in each program: %+v", file, bom.Components)
}

func TestPackageVersions(t *testing.T) {
	for _, c := range []struct{ version, deb, apk string }{
		{"v1.2.3", "1.2.3", "1.2.3"},
		{"v1.2.3-rc.1", "1.2.3~rc1", "1.2.3_rc1"},
		{"v1.2.3-5-g0123456789ab", "1.2.3+5.0123456789ab", "1.2.3_p5"},
		{"v0.0.0-20261128130313-6e7d32090eb2", "0.0.0~20261128130313.6e7d32090eb2", "0.0.0_git20261128130313"},
	} {
		if deb, apk := packageVersion(c.version, "deb"), packageVersion(c.version, "apk"); deb != c.deb || apk != c.apk {
			t.Errorf("%s: %s and %s, want %s and %s", c.version, deb, apk, c.deb, c.apk)
		}
	}
}

// TestOtherFilesAreKept: a directory that is no release is not emptied.
func TestOtherFilesAreKept(t *testing.T) {
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept")
	if err := os.WriteFile(kept, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), filepath.Join("..", ".."), dir, allSystems(), false); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
}

// TestArchivesAreSorted packs files that were made at other times and with other modes.
func TestArchivesAreSorted(t *testing.T) {
	pack := func(names []string, mode os.FileMode) (string, string) {
		t.Helper()
		tree, out := t.TempDir(), t.TempDir()
		for _, name := range names {
			if err := os.MkdirAll(filepath.Join(tree, path.Dir(name)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(tree, name), []byte(name), mode); err != nil {
				t.Fatal(err)
			}
		}
		date := time.Unix(1700000000, 0).UTC()
		if err := writeTarGz(filepath.Join(out, "a.tar.gz"), tree, "top", date); err != nil {
			t.Fatal(err)
		}
		if err := writeZip(filepath.Join(out, "a.zip"), tree, "top", date); err != nil {
			t.Fatal(err)
		}
		return read(t, filepath.Join(out, "a.tar.gz")), read(t, filepath.Join(out, "a.zip"))
	}
	tar1, zip1 := pack([]string{"bin/a", "bin/b", "c"}, 0o600)
	tar2, zip2 := pack([]string{"c", "bin/b", "bin/a"}, 0o644)
	if tar1 != tar2 {
		t.Error("the .tar.gz differ")
	}
	if zip1 != zip2 {
		t.Error("the .zip differ")
	}
}
