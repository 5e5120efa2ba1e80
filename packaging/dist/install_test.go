//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// installAndUninstall: `make uninstall` leaves nothing of what `make install` put there. bin is
// where the programs are.
func installAndUninstall(t *testing.T, bin string) {
	if _, err := exec.LookPath("sed"); err != nil {
		t.Skip("there is no sed on this machine")
	}
	root := filepath.Join("..", "..")
	work := t.TempDir()
	run := func(dest, prefix string, script string) {
		t.Helper()
		cmd := exec.Command("sh", append([]string{filepath.Join("scripts", script)}, programs()...)...)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), hostSystem().env()...) // Then what it runs is compiled already.
		cmd.Env = append(cmd.Env, "DESTDIR="+dest, "PREFIX="+prefix, "BIN="+bin)
		if err := do(cmd); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(work, "other"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	before := files(t, work)
	for _, where := range [][2]string{{work, "/usr"}, {"", work}, {work, "/opt/zre"}} {
		run(where[0], where[1], "install.sh")
		base := filepath.Join(where[0], where[1])
		installed := files(t, work)
		if len(installed) < 20 {
			t.Errorf("only %d files are installed: %v", len(installed), installed)
		}
		unit := read(t, filepath.Join(base, "lib", "systemd", "system", "zgossip_server.service"))
		if want := "\nExecStart=" + where[1] + "/bin/zgossip_server"; !strings.Contains(unit, want) {
			t.Errorf("the unit does not say %q", want)
		}
		run(where[0], where[1], "uninstall.sh")
		if where[1] == "/usr" { // Every system has these.
			for _, dir := range []string{"usr/bin", "usr/lib", "usr/share/man", "usr/share/doc"} {
				if _, err := os.Stat(filepath.Join(work, dir)); err != nil {
					t.Errorf("%s was removed", dir)
				}
			}
			if err := os.RemoveAll(filepath.Join(work, "usr")); err != nil {
				t.Fatal(err)
			}
		}
		if where[1] == "/opt/zre" {
			if err := os.RemoveAll(filepath.Join(work, "opt")); err != nil {
				t.Fatal(err)
			}
		}
		if after := files(t, work); strings.Join(after, "\n") != strings.Join(before, "\n") {
			t.Errorf("%s is left in %v", after, where)
		}
	}
}

// files lists what is below a directory, except where the packages' programs keep their books.
func files(t *testing.T, root string) []string {
	t.Helper()
	books := regexp.MustCompile(`^(proc|sys|dev|var/(lib/(dpkg|rpm|apt)|log|cache)|lib/apk|etc/apk|usr/lib/sysimage)(/|$)`)
	var list []string
	err := filepath.WalkDir(root, func(file string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, file)
		if err != nil || name == "." {
			return err
		}
		if books.MatchString(name) {
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		list = append(list, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
