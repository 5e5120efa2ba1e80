package keys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gozre/zre/internal/curve"
)

// What czmq 4.2.1 wrote, as zcert_save does.
const (
	czmqPublic = "JFnsED}:FSqxAyKHnYwfkN4w=g0{S3.{^F]o]:9/"
	czmqSecret = "WdZEE{=C.^?z}fONP*cTFIb+fy>!i6tx#LeLDTIg"
	czmqFile   = "#   ****  Generated on 2026-11-25 20:17:33 by CZMQ  ****\n#   ZeroMQ CURVE **Secret** Certificate\n\n" +
		"metadata\n    name = \"certs/a\"\n    public-key = \"in another section\"\ncurve\n    public-key = \"" + czmqPublic + "\"\n    secret-key = \"" + czmqSecret + "\"\n"
)

func write(t *testing.T, file, text string) string {
	t.Helper()
	must(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestCertificateOfCzmq(t *testing.T) {
	for name, text := range map[string]string{
		"as it is":       czmqFile,
		"Windows":        strings.ReplaceAll(czmqFile, "\n", "\r\n"),
		"a comment":      strings.Replace(czmqFile, czmqSecret+`"`, czmqSecret+`" # mine`, 1),
		"single quotes":  strings.ReplaceAll(czmqFile, `"`, "'"),
		"tabs":           strings.ReplaceAll(czmqFile, "    ", "\t"),
		"no end of line": strings.TrimSpace(czmqFile),
	} {
		got, err := Load(write(t, filepath.Join(t.TempDir(), "c"), text))
		if want := (Certificate{czmqPublic, czmqSecret}); err != nil || got != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestBadCertificate(t *testing.T) {
	other, err := New()
	must(t, err)
	for name, text := range map[string]string{
		"empty":             "",
		"something else":    "[zre]\nname = x\n",
		"no section":        "    public-key = \"" + czmqPublic + "\"\n",
		"another section":   "metadata\n    public-key = \"" + czmqPublic + "\"\n",
		"short":             strings.Replace(czmqFile, czmqSecret, czmqSecret[1:], 1),
		"no value":          "curve\n    public-key\n",
		"keys of two pairs": strings.Replace(czmqFile, czmqPublic, other.PublicKey, 1),
		"huge":              czmqFile + strings.Repeat("#\n", maxCertificate/2),
	} {
		file := write(t, filepath.Join(t.TempDir(), "c"), text)
		got, err := Load(file)
		if err == nil || got != (Certificate{}) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %+v, %v", name, got, err)
		} else if strings.Contains(err.Error(), czmqSecret[1:]) {
			t.Errorf("%s: the error tells the key: %v", name, err)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestSaveCertificate(t *testing.T) {
	c, err := New()
	must(t, err)
	file := filepath.Join(t.TempDir(), "lab")
	must(t, c.Save(file))
	for _, name := range []string{file, file + secretSuffix} {
		if got, err := Load(name); err != nil || got != c {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	info, err := os.Stat(file + secretSuffix)
	must(t, err)
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode != 0o600 {
		t.Errorf("the secret key has mode %o", mode)
	}
	for _, left := range []string{file, file + secretSuffix} { // what is there is never written over
		must(t, os.Remove(left))
		if err := c.Save(file); !errors.Is(err, fs.ErrExist) {
			t.Errorf("without %s: %v", left, err)
		}
		if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s was left behind: %v", left, err)
		}
		must(t, os.RemoveAll(file))
		must(t, os.RemoveAll(file+secretSuffix))
		must(t, c.Save(file))
	}
	must(t, os.Remove(file+secretSuffix))
	half := Certificate{PublicKey: c.PublicKey}
	if got, err := Load(file); err != nil || got != half {
		t.Errorf("the public file alone: %+v, %v", got, err)
	}
	must(t, half.Save(file+"2"))
	if got, err := Load(file + "2"); err != nil || got != half {
		t.Errorf("a public certificate: %+v, %v", got, err)
	}
	if _, err := os.Stat(file + "2" + secretSuffix); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file for no secret key: %v", err)
	}
}

func TestLoadTrusted(t *testing.T) {
	dir := t.TempDir()
	var want []string
	for _, name := range []string{"a", "b"} {
		c, err := New()
		must(t, err)
		must(t, c.Save(filepath.Join(dir, name)))
		want = append(want, c.PublicKey)
	}
	slices.Sort(want)
	must(t, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	write(t, filepath.Join(dir, ".hidden"), "no certificate")
	if got, err := LoadTrusted(dir); err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	must(t, os.Chmod(filepath.Join(dir, "a_secret"), 0)) // LoadTrusted does not read it
	write(t, filepath.Join(dir, "other_secret"), "no certificate")
	if got, err := LoadTrusted(filepath.Join(dir, "a")); err != nil || len(got) != 1 || !slices.Contains(want, got[0]) {
		t.Errorf("%q, %v", got, err)
	}
	bad := write(t, filepath.Join(dir, "README"), "no certificate")
	if got, err := LoadTrusted(dir); err == nil || !strings.Contains(err.Error(), bad) {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := LoadTrusted(filepath.Join(dir, "sub")); err == nil {
		t.Errorf("of an empty directory %q", got)
	}
	if got, err := LoadTrusted(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%q, %v", got, err)
	}
}

// FuzzCertificate: keys that are read from any file belong together.
func FuzzCertificate(f *testing.F) {
	f.Add([]byte(czmqFile))
	f.Add([]byte("curve\n\tpublic-key = '" + czmqPublic + "' # \"\n x\n=\n    =\n    secret-key ="))
	f.Add([]byte("curve\n    public-key = \"" + czmqPublic))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseCertificate(data)
		if err != nil {
			if c != (Certificate{}) {
				t.Fatalf("%+v with the error %v", c, err)
			}
			return
		}
		if _, err := curve.Parse(c.PublicKey); err != nil {
			t.Fatalf("public key %q: %v", c.PublicKey, err)
		}
		if c.SecretKey == "" {
			return
		}
		if public, err := Public(c.SecretKey); err != nil || public != c.PublicKey {
			t.Fatalf("public key %q, belongs to the secret one %q, %v", c.PublicKey, public, err)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
