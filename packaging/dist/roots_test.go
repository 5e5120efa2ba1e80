//go:build linux

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const patience = 2 * time.Minute

// installEverywhere installs, uses and removes each package of a release in a clean root.
func installEverywhere(t *testing.T, dir string) {
	if os.Geteuid() != 0 {
		t.Skip("not root: no package is installed")
	}
	t.Run("deb", func(t *testing.T) { installDeb(t, one(t, dir, "*_"+debArch()+".deb")) })
	t.Run("rpm", func(t *testing.T) { installRPM(t, one(t, dir, "*."+unameArch()+".rpm")) })
	t.Run("apk", func(t *testing.T) { installAPK(t, one(t, dir, "*_"+unameArch()+".apk")) })
	t.Run("container", func(t *testing.T) { runContainer(t, one(t, dir, "*-linux-"+runtime.GOARCH+".tar.gz")) })
}

func one(t *testing.T, dir, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v %v", pattern, found, err)
	}
	return found[0]
}

func debArch() string {
	if runtime.GOARCH == "arm" {
		return "armhf"
	}
	return runtime.GOARCH
}

func unameArch() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64"
	case "arm64":
		return "aarch64"
	}
	return runtime.GOARCH
}

// need skips the test if a program is not on this machine.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("there is no %s on this machine (`make test-dist` installs it on Debian)", p)
		}
	}
}

// installDeb installs the package with dpkg in a Debian of its own.
func installDeb(t *testing.T, pkg string) {
	need(t, "debootstrap")
	root := filepath.Join(t.TempDir(), "debian")
	if err := do(exec.Command("debootstrap", "--variant=minbase", debian(), root)); err != nil {
		t.Skipf("no Debian can be had: %v", err)
	}
	before := files(t, root)
	copyInto(t, pkg, filepath.Join(root, "zre.deb"))
	for _, upgrade := range []bool{false, true} { // Installed again, as an upgrade does it.
		t.Logf("%s", inRoot(t, root, "dpkg", "-i", "/zre.deb"))
		if out := inRoot(t, root, "dpkg", "--verify", "zre"); out != "" {
			t.Errorf("dpkg --verify (again: %v): %s", upgrade, out)
		}
	}
	use(t, root)
	inRoot(t, root, "bash", "-n", "/usr/share/bash-completion/completions/zre")
	inRoot(t, root, "dpkg", "-P", "zre")
	remove(t, filepath.Join(root, "zre.deb"))
	nothingLeft(t, before, files(t, root))
}

// debian is the Debian of this machine, whose keys are here, else the stable one.
func debian() string {
	text, err := os.ReadFile("/etc/os-release")
	m := regexp.MustCompile(`(?m)^VERSION_CODENAME=([a-z]+)$`).FindSubmatch(text)
	if err != nil || m == nil || !strings.Contains(string(text), "\nID=debian\n") {
		return "stable"
	}
	return string(m[1])
}

// installRPM installs the package with rpm in a root with busybox only.
func installRPM(t *testing.T, pkg string) {
	need(t, "rpm", "busybox")
	root := busyboxRoot(t)
	rpm := func(args ...string) {
		t.Helper()
		if err := do(exec.Command("rpm", append([]string{"--root", root, "--dbpath", "/var/lib/rpm"}, args...)...)); err != nil {
			t.Fatal(err)
		}
	}
	// What the package "filesystem" has, without which no such system is.
	for _, dir := range []string{"usr/lib/systemd/system", "usr/share/doc", "usr/share/man/man1",
		"usr/share/man/man5", "usr/share/man/man7", "var/tmp"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	rpm("--initdb")
	before := files(t, root)
	rpm("-i", "--nodeps", pkg)
	use(t, root)
	rpm("-e", "--nodeps", "zre")
	nothingLeft(t, before, files(t, root))
}

// installAPK installs the package with apk where that is, else as apk does it: the checksum
// of the files is checked, they are unpacked, and the scripts run.
func installAPK(t *testing.T, pkg string) {
	need(t, "busybox")
	root := busyboxRoot(t)
	if _, err := exec.LookPath("apk"); err == nil {
		withAPK(t, pkg, root)
		return
	}
	t.Log("there is no apk on this machine: the package is unpacked as apk does it")
	before := files(t, root)
	control, data := apkParts(t, pkg)
	scripts := t.TempDir()
	untar(t, control, scripts)
	info := read(t, filepath.Join(scripts, ".PKGINFO"))
	sum := sha256.Sum256(data)
	if want := "datahash = " + hex.EncodeToString(sum[:]); !strings.Contains(info, want) {
		t.Errorf("the checksum of the files is not %q in\n%s", want, info)
	}
	for line := range strings.Lines(info) {
		if !strings.Contains(line, " = ") && !strings.HasPrefix(line, "#") {
			t.Errorf(".PKGINFO has the line %q", line)
		}
	}
	unpacked := untar(t, data, root)
	script := func(name string) {
		t.Helper()
		copyInto(t, filepath.Join(scripts, name), filepath.Join(root, "script"))
		inRoot(t, root, "sh", "/script", "1.2.3_p5")
		remove(t, filepath.Join(root, "script"))
	}
	script(".post-install")
	use(t, root)
	inRoot(t, root, "sh", "-n", "/etc/init.d/zgossip_server")
	script(".pre-deinstall")
	slices.Sort(unpacked)
	for _, name := range slices.Backward(unpacked) { // Directories only where they are empty.
		if !slices.Contains(before, name) {
			_ = os.Remove(filepath.Join(root, name))
		}
	}
	script(".post-deinstall")
	nothingLeft(t, before, files(t, root))
}

// withAPK installs the package with apk itself.
func withAPK(t *testing.T, pkg, root string) {
	t.Helper()
	// No repository has anything that the package needs, and nobody has signed it.
	options := []string{"--root", root, "--no-network", "--allow-untrusted", "--repositories-file", os.DevNull}
	apk := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("apk", append(options, args...)...).CombinedOutput()
		if err != nil || strings.Contains(string(out), "ERROR") || strings.Contains(string(out), "WARNING") {
			t.Fatalf("apk %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	// apk removes directories that are empty. In these, packages that are always there have files.
	for _, dir := range []string{"usr/bin", "usr/share", "etc/init.d"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, dir, "other"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%s", apk("--version"))
	apk("add", "--initdb")
	before := files(t, root)
	t.Logf("%s", apk("add", pkg))
	if out := apk("audit", "--system"); regexp.MustCompile(`(?m)^[UX] `).MatchString(out) {
		t.Errorf("apk audit finds files that are not as in the package:\n%s", out)
	}
	use(t, root)
	inRoot(t, root, "sh", "-n", "/etc/init.d/zgossip_server")
	listed := apk("info", "--contents", "zre")
	for _, file := range []string{"usr/bin/zgossip_server", "etc/init.d/zgossip_server", "usr/share/man/man1/zre.1"} {
		if !strings.Contains(listed, file) {
			t.Errorf("%s is not in the package:\n%s", file, listed)
		}
	}
	apk("del", "zre")
	nothingLeft(t, before, files(t, root))
}

// apkParts splits an unsigned package into its two parts, each a compressed tar.
func apkParts(t *testing.T, pkg string) (control, data []byte) {
	t.Helper()
	all := []byte(read(t, pkg))
	left := bytes.NewReader(all)
	r, err := gzip.NewReader(left)
	if err != nil {
		t.Fatal(err)
	}
	r.Multistream(false)
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Fatal(err)
	}
	end := len(all) - left.Len()
	return all[:end], all[end:]
}

// untar unpacks a compressed tar, and returns the names.
func untar(t *testing.T, data []byte, dir string) []string {
	t.Helper()
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && len(names) > 0 {
			return names // The first part of an .apk has no end of its own.
		}
		if err != nil {
			t.Fatal(err)
		}
		if !filepath.IsLocal(h.Name) {
			t.Fatalf("%q leads out of the directory", h.Name)
		}
		file := filepath.Join(dir, h.Name)
		names = append(names, filepath.Clean(h.Name))
		if h.Typeflag == tar.TypeDir {
			err = os.MkdirAll(file, 0o755)
		} else {
			unpack(t, r, file, h.FileInfo().Mode().Perm())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// runContainer makes the image that packaging/Containerfile describes, without a container
// engine, and runs what it says as the user that it says.
func runContainer(t *testing.T, archive string) {
	steps := map[string]string{}
	for line := range strings.Lines(read(t, filepath.Join("..", "Containerfile"))) {
		if word, rest, ok := strings.Cut(strings.TrimSpace(line), " "); ok && word != "#" {
			if steps[word] != "" {
				t.Fatalf("%s twice", word)
			}
			steps[word] = rest
		}
	}
	if steps["FROM"] != "scratch" || steps["USER"] != "65534:65534" || steps["ENTRYPOINT"] != `["/zgossip_server"]` {
		t.Fatalf("the Containerfile says %q", steps)
	}
	unpacked, root := t.TempDir(), t.TempDir()
	untar(t, []byte(read(t, archive)), unpacked)
	context := one(t, unpacked, "*/bin")
	copied := strings.Fields(steps["COPY"])
	for _, name := range copied[:len(copied)-1] {
		copyInto(t, filepath.Join(context, name), filepath.Join(root, name))
	}
	for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	serve(t, func(args ...string) *exec.Cmd {
		cmd := exec.Command("/zgossip_server", args...)
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		return cmd
	})
}

// busyboxRoot is a root with a shell and nothing else.
func busyboxRoot(t *testing.T) string {
	t.Helper()
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for _, dir := range []string{"bin", "tmp", "etc", "usr/share", "usr/bin", "var/lib/rpm", "dev"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	copyInto(t, busybox, filepath.Join(root, "bin", "busybox"))
	if err := os.Chmod(filepath.Join(root, "bin", "busybox"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sh", "ls", "cat"} {
		if err := os.Symlink("busybox", filepath.Join(root, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// use runs what was installed in a root.
func use(t *testing.T, root string) {
	t.Helper()
	for _, program := range programs() {
		out := inRoot(t, root, "/usr/bin/"+program, "--version")
		if !strings.HasPrefix(out, program+" "+testVersion) {
			t.Errorf("%s --version: %s", program, out)
		}
		for _, file := range []string{"share/man/man1/" + program + ".1", "share/doc/zre/" + program + ".cdx.json"} {
			if info, err := os.Stat(filepath.Join(root, "usr", file)); err != nil || info.Mode() != 0o644 {
				t.Errorf("%s: %v %v", file, info, err)
			}
		}
	}
	serve(t, func(args ...string) *exec.Cmd {
		return exec.Command("chroot", append([]string{root, "/usr/bin/zgossip_server"}, args...)...)
	})
}

// serve starts a gossip server, asks it what it knows, has it reload, and ends it.
func serve(t *testing.T, program func(args ...string) *exec.Cmd) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	server := program("--listen", "tcp://"+address)
	var log bytes.Buffer
	server.Stderr = &log
	server.Env = []string{"HOME=/"} // No zre.conf is in the root.
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	for end := time.Now().Add(patience); ; {
		dump := program("--dump", address)
		dump.Env = server.Env
		out, err := dump.CombinedOutput()
		if err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the server does not answer: %v %s", err, out)
		}
		select {
		case err := <-ended:
			t.Fatalf("the server has ended: %v\n%s", err, log.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGTERM} {
		if err := server.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("the server: %v\n%s", err, log.String())
		}
	case <-time.After(patience):
		_ = server.Process.Kill()
		t.Error("the server does not end")
	}
}

func inRoot(t *testing.T, root string, args ...string) string {
	t.Helper()
	cmd := exec.Command("chroot", append([]string{root}, args...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "HOME=/"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func copyInto(t *testing.T, from, to string) {
	t.Helper()
	if err := os.WriteFile(to, []byte(read(t, from)), 0o755); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, file string) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

// nothingLeft compares what was there before a package was installed and after its removal.
func nothingLeft(t *testing.T, before, after []string) {
	t.Helper()
	for _, name := range after {
		if !slices.Contains(before, name) {
			t.Errorf("%s is left behind", name)
		}
	}
	for _, name := range before {
		if !slices.Contains(after, name) {
			t.Errorf("%s was removed as well", name)
		}
	}
}
