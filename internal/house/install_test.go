package house

import (
	"debug/elf"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	modmodule "golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"
)

// treeFile is a file of this module, as x/mod/zip wants it.
type treeFile struct{ root, path string }

func (f treeFile) name() string                 { return filepath.Join(f.root, filepath.FromSlash(f.path)) }
func (f treeFile) Path() string                 { return f.path }
func (f treeFile) Lstat() (os.FileInfo, error)  { return os.Lstat(f.name()) }
func (f treeFile) Open() (io.ReadCloser, error) { return os.Open(f.name()) }

// tree lists the files of the module without what is built (bin, dist) and hidden.
func tree(t *testing.T, root string) []modzip.File {
	t.Helper()
	var files []modzip.File
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || file == root {
			return err
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		switch hidden := strings.HasPrefix(entry.Name(), "."); {
		case entry.IsDir() && (hidden || rel == "bin" || rel == "dist"):
			return filepath.SkipDir
		case entry.Type().IsRegular() && !hidden:
			files = append(files, treeFile{root, filepath.ToSlash(rel)})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// serve makes a module proxy in a directory, which has this tree as one version.
func serve(t *testing.T, proxy, version string) {
	t.Helper()
	root := filepath.Join("..", "..")
	dir := filepath.Join(proxy, filepath.FromSlash(module), "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"list":            version + "\n",
		version + ".info": `{"Version":"` + version + `"}`,
		version + ".mod":  string(mod),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	zip, err := os.Create(filepath.Join(dir, version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer zip.Close()
	if err := modzip.Create(zip, modmodule.Version{Path: module, Version: version}, tree(t, root)); err != nil {
		t.Fatalf("this tree cannot be published as a module: %v", err)
	}
}

// goEnv asks the go command for one of its settings.
func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestInstallFromElsewhere does what README.md says: `go install …@VERSION`, outside this tree
// and without C. The version is this tree's; the other modules come from the module cache.
func TestInstallFromElsewhere(t *testing.T) {
	const version = "v0.0.1"
	proxy, bin := t.TempDir(), t.TempDir()
	serve(t, proxy, version)
	file := func(dir string) string { return "file://" + filepath.ToSlash(dir) }
	install := exec.Command("go", "install", module+"/cmd/...@"+version)
	install.Dir = t.TempDir()
	install.Env = append(os.Environ(), "CGO_ENABLED=0", "GO111MODULE=", "GOWORK=off", "GOBIN="+bin,
		"GOFLAGS=-modcacherw -trimpath", "GOMODCACHE="+t.TempDir(), "GOSUMDB=off",
		"GOPROXY="+file(proxy)+","+file(filepath.Join(goEnv(t, "GOMODCACHE"), "cache", "download"))+","+goEnv(t, "GOPROXY"))
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", install.Args, err, out)
	}
	programs, err := filepath.Glob(filepath.Join("..", "..", "cmd", "z*"))
	if err != nil || len(programs) == 0 {
		t.Fatalf("no programs in cmd: %v", err)
	}
	for _, program := range programs {
		installed := filepath.Join(bin, filepath.Base(program))
		if runtime.GOOS == "windows" {
			installed += ".exe"
		}
		out, err := exec.Command(installed, "--version").CombinedOutput()
		if err != nil || !strings.Contains(string(out), version) {
			t.Errorf("%s --version: %v, %q; want %s in it", filepath.Base(installed), err, out, version)
		}
		if runtime.GOOS == "linux" {
			isStatic(t, installed)
		}
	}
}

// isStatic holds that a program of Linux needs no other file: no loader and no library.
func isStatic(t *testing.T, name string) {
	t.Helper()
	program, err := elf.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	for _, part := range program.Progs {
		if part.Type == elf.PT_INTERP {
			t.Errorf("%s needs a loader: it is not static", filepath.Base(name))
		}
	}
	if libraries, err := program.ImportedLibraries(); err != nil || len(libraries) > 0 {
		t.Errorf("%s needs the libraries %v (%v): it is not static", filepath.Base(name), libraries, err)
	}
}
