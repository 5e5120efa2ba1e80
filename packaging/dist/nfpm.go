package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The parts of nfpm's configuration that are used here. JSON is YAML.
type (
	nfpmConfig struct {
		Name        string        `json:"name"`
		Arch        string        `json:"arch"`
		Platform    string        `json:"platform"`
		Version     string        `json:"version"`
		Schema      string        `json:"version_schema"`
		Section     string        `json:"section"`
		Priority    string        `json:"priority"`
		Maintainer  string        `json:"maintainer"`
		Description string        `json:"description"`
		Vendor      string        `json:"vendor"`
		Homepage    string        `json:"homepage"`
		License     string        `json:"license"`
		MTime       string        `json:"mtime"`
		Contents    []nfpmContent `json:"contents"`
		Scripts     nfpmScripts   `json:"scripts"`
		RPM         nfpmRPM       `json:"rpm"`
	}
	nfpmContent struct {
		Source string   `json:"src"`
		Target string   `json:"dst"`
		Type   string   `json:"type,omitempty"`
		Only   string   `json:"packager,omitempty"`
		Info   nfpmInfo `json:"file_info"`
	}
	nfpmInfo struct {
		Mode  uint32 `json:"mode"`
		MTime string `json:"mtime"`
	}
	nfpmScripts struct {
		PostInstall string `json:"postinstall"`
		PreRemove   string `json:"preremove"`
		PostRemove  string `json:"postremove"`
	}
	nfpmRPM struct {
		BuildHost string `json:"buildhost"`
	}
)

// packages makes the packages of one processor, of what is installed in tree for /usr.
func (r *release) packages(s system, tree string) error {
	for _, kind := range []string{"deb", "rpm", "apk"} {
		config, err := r.nfpmConfig(s, tree, kind)
		if err != nil {
			return err
		}
		text, err := json.MarshalIndent(config, "", "  ")
		if err != nil {
			return err
		}
		file := r.path("nfpm-" + s.arch + "-" + kind + ".yaml")
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return err
		}
		nfpm := r.command(r.path("tools", "nfpm"), "package", "--config", file, "--packager", kind, "--target", r.out+"/")
		nfpm.Env = append(nfpm.Env, "SOURCE_DATE_EPOCH="+strconv.FormatInt(r.date.Unix(), 10))
		if err := do(nfpm); err != nil {
			return err
		}
	}
	return nil
}

func (r *release) nfpmConfig(s system, tree, kind string) (*nfpmConfig, error) {
	scripts := func(name string) string { return filepath.Join(r.root, "packaging", "scripts", name) }
	date := r.date.Format(time.RFC3339)
	c := &nfpmConfig{
		Name: "zre", Arch: s.nfpm(), Platform: s.os, Version: packageVersion(r.version, kind), Schema: "none",
		Section: "net", Priority: "optional", Maintainer: "ZRE for Go <maintainers@zre.invalid>",
		Description: description(kind),
		Vendor:      "ZRE for Go", Homepage: "https://github.com/gozre/zre", License: "MIT", MTime: date,
		Scripts: nfpmScripts{scripts("postinstall.sh"), scripts("preremove.sh"), scripts("postremove.sh")},
		RPM:     nfpmRPM{BuildHost: "localhost"},
	}
	err := walk(tree, func(name string, mode fs.FileMode, _ int64, file string) error {
		if kind == "deb" { // Debian's zsh looks elsewhere for what packages bring.
			name = strings.Replace(name, "/zsh/site-functions/", "/zsh/vendor-completions/", 1)
		}
		if !mode.IsDir() {
			c.Contents = append(c.Contents, nfpmContent{Source: file, Target: "/usr/" + name,
				Info: nfpmInfo{Mode: uint32(mode), MTime: date}})
		}
		return nil
	})
	// Alpine has OpenRC instead of systemd.
	c.Contents = append(c.Contents, nfpmContent{
		Source: filepath.Join(r.root, "packaging", "zgossip_server.openrc"), Target: "/etc/init.d/zgossip_server",
		Only: "apk", Info: nfpmInfo{Mode: 0o755, MTime: date},
	})
	for _, dir := range ownDirectories(kind) {
		c.Contents = append(c.Contents, nfpmContent{
			Target: dir, Type: "dir", Info: nfpmInfo{Mode: 0o755, MTime: date},
		})
	}
	return c, err
}

// ownDirectories are the directories that go with the package when nothing else is in them.
// dpkg and apk find out by themselves.
func ownDirectories(kind string) []string {
	list := []string{"/usr/share/doc/zre", "/usr/share/doc/zre/docs"}
	if kind == "rpm" { // No package that is always there has these.
		list = append(list, "/usr/share/bash-completion", "/usr/share/bash-completion/completions",
			"/usr/share/fish", "/usr/share/fish/vendor_completions.d",
			"/usr/share/zsh", "/usr/share/zsh/site-functions")
	}
	return list
}

// description is one line, and for packages that can have more, what is in the package.
func description(kind string) string {
	const line = "messages on the local network, without a server and without set-up"
	if kind == "apk" {
		return line
	}
	return line + "\nA shell, a cat over the network, and a gossip server for nodes that speak\n" +
		"ZRE, the ZeroMQ Realtime Exchange protocol (ZeroMQ RFC 36)."
}

var (
	pseudoVersion = regexp.MustCompile(`^v(\d+\.\d+\.\d+)-(\d{14})-([0-9a-f]+)$`)
	afterVersion  = regexp.MustCompile(`^v(\d+\.\d+\.\d+)-(\d+)-g([0-9a-f]+)$`)
	betaVersion   = regexp.MustCompile(`^v(\d+\.\d+\.\d+)-(alpha|beta|rc)\.?(\d+)$`)
)

// packageVersion is a version in the form that a kind of package sorts correctly: v1.2.3, a
// commit before it (v0.0.0-TIME-COMMIT), 5 commits after it (v1.2.3-5-gCOMMIT), v1.2.3-rc.1.
func packageVersion(version, kind string) string {
	apk := kind == "apk"
	if m := pseudoVersion.FindStringSubmatch(version); m != nil {
		if apk {
			return m[1] + "_git" + m[2]
		}
		return m[1] + "~" + m[2] + "." + m[3]
	}
	if m := afterVersion.FindStringSubmatch(version); m != nil {
		if apk {
			return m[1] + "_p" + m[2]
		}
		return m[1] + "+" + m[2] + "." + m[3]
	}
	if m := betaVersion.FindStringSubmatch(version); m != nil {
		if apk {
			return m[1] + "_" + m[2] + m[3]
		}
		return m[1] + "~" + m[2] + m[3]
	}
	if len(version) > 1 && version[0] == 'v' {
		return version[1:]
	}
	return version
}
