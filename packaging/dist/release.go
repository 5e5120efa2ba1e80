package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// programs are what a release has.
func programs() []string { return []string{"zre", "zrecat", "zgossip_server"} }

// release is one run.
type release struct {
	ctx     context.Context
	root    string // of the module
	out     string // where the files go
	work    string // what is removed at the end
	version string // begins with v
	stamp   string // for the programs' --version
	date    time.Time
}

// newRelease asks scripts/stamp.sh what is released.
func newRelease(ctx context.Context, root, out string) (*release, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	if out, err = filepath.Abs(out); err != nil {
		return nil, err
	}
	if entries, err := os.ReadDir(out); err == nil && len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(out, sumsFile)); err != nil {
			return nil, fmt.Errorf("%s is not empty and not an earlier release: remove it first", out)
		}
	}
	if err := os.RemoveAll(out); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, err
	}
	r := &release{ctx: ctx, root: root, out: out}
	printed, err := r.command("sh", "scripts/stamp.sh").Output()
	if err != nil {
		return nil, fmt.Errorf("scripts/stamp.sh: %w", err)
	}
	parts := strings.Fields(string(printed))
	if len(parts) != 3 {
		return nil, fmt.Errorf("scripts/stamp.sh prints %q", printed)
	}
	seconds, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return nil, err
	}
	r.version, r.stamp, r.date = parts[0], strings.Join(parts, ","), time.Unix(seconds, 0).UTC()
	r.work, err = os.MkdirTemp("", "zre-dist")
	return r, err
}

// prepare builds the tools, and the programs for this machine, which print their pages.
func (r *release) prepare(packages bool) error {
	args := []string{"-C", "packaging/tools", "build", "-trimpath", "-o", r.path("tools") + "/",
		"github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod"}
	if packages {
		args = append(args, "github.com/goreleaser/nfpm/v2/cmd/nfpm")
	}
	tools := r.command("go", args...)
	host := hostSystem()
	tools.Env = append(tools.Env, host.env()...) // An SBOM has the checksum of its tool.
	if err := do(tools); err != nil {
		return err
	}
	return r.build(host, r.path("host"))
}

// hostSystem is this machine.
func hostSystem() system { return system{runtime.GOOS, runtime.GOARCH} }

// build builds the programs for a system into a directory.
func (r *release) build(s system, dir string) error {
	args := []string{"build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -X github.com/gozre/zre/cmd/internal/cli.stamp=" + r.stamp, "-o", dir + "/"}
	for _, p := range programs() {
		args = append(args, "./cmd/"+p)
	}
	cmd := r.command("go", args...)
	cmd.Env = append(cmd.Env, s.env()...)
	return do(cmd)
}

// make builds and packs for one system.
func (r *release) make(s system, packages bool) error {
	began := time.Now()
	bin := r.path("host") // prepare has built these.
	if s != hostSystem() {
		bin = r.path("bin", s.os, s.arch)
		if err := r.build(s, bin); err != nil {
			return err
		}
	}
	sboms, err := r.sboms(s, bin)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("zre-%s-%s-%s", strings.TrimPrefix(r.version, "v"), s.os, s.arch)
	tree, err := r.lay(s, bin, "/usr/local", sboms)
	if err != nil {
		return err
	}
	if s.os == "windows" {
		err = writeZip(filepath.Join(r.out, name+".zip"), tree, name, r.date)
	} else {
		err = writeTarGz(filepath.Join(r.out, name+".tar.gz"), tree, name, r.date)
	}
	if err != nil {
		return err
	}
	if s.os == "linux" && packages {
		if tree, err = r.lay(s, bin, "/usr", sboms); err != nil {
			return err
		}
		if err := r.packages(s, tree); err != nil {
			return err
		}
	}
	fmt.Printf("%s/%s  %.0f s\n", s.os, s.arch, time.Since(began).Seconds())
	return nil
}

// lay installs the programs under a prefix, and returns the directory that stands for it.
func (r *release) lay(s system, bin, prefix, sboms string) (string, error) {
	dest := r.path("tree", s.os, s.arch, strings.ReplaceAll(prefix, "/", "_"))
	install := r.command("sh", append([]string{"scripts/install.sh"}, programs()...)...)
	// It runs programs of this module, which are compiled as those of the release are: once.
	install.Env = append(install.Env, hostSystem().env()...)
	install.Env = append(install.Env, "DESTDIR="+dest, "PREFIX="+prefix, "BIN="+bin, "RUN="+r.path("host"),
		"SYSTEM="+s.uname(), "SUFFIX="+s.suffix(), "QUIET=yes",
		"SOURCE_DATE_EPOCH="+strconv.FormatInt(r.date.Unix(), 10))
	if err := do(install); err != nil {
		return "", err
	}
	tree := filepath.Join(dest, filepath.FromSlash(prefix))
	return tree, os.CopyFS(filepath.Join(tree, "share", "doc", "zre"), os.DirFS(sboms))
}

// path is a place for what is removed at the end.
func (r *release) path(parts ...string) string {
	return filepath.Join(append([]string{r.work}, parts...)...)
}

// command is a command at the top of the module.
func (r *release) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(r.ctx, name, args...)
	cmd.Dir = r.root
	cmd.Env = os.Environ()
	return cmd
}

// do runs a command. What it prints is in the error.
func do(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}
