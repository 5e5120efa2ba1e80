package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"time"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre/keys"
)

// The limits of open files below which there is a finding: each peer takes two, and the
// program about 20.
const (
	fewFiles    = 256
	perPeer     = 2
	ownFiles    = 20
	firstSecond = 1735689600 // 2025-01-01: no clock of a working host is earlier
)

// host looks at what has nothing to do with the network.
func (r *Report) host() {
	r.fact("version", "%s, %s/%s, %s", cli.Version(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	now := time.Now()
	r.fact("clock", "%s", now.Format(time.RFC3339))
	if now.Unix() < firstSecond {
		r.find(Finding{
			ID: "clock", What: "the clock says " + now.Format(time.DateOnly),
			Means: "logs of several hosts cannot be compared; ZRE itself does not need the time of day",
			Type:  "timedatectl set-ntp true",
		})
	}
	limit, known := fileLimit()
	if !known {
		r.fact("files", "the limit of open files is not known on %s", runtime.GOOS)
		return
	}
	r.fact("files", "at most %d open files, enough for %d peers", limit, max(0, (int64(limit)-ownFiles)/perPeer))
	if limit < fewFiles {
		r.find(Finding{
			ID: "descriptors", What: fmt.Sprintf("a program may have only %d files and connections open", limit),
			Means: fmt.Sprintf("each peer takes %d: about %d peers can be reached, and no more", perPeer, max(0, (int64(limit)-ownFiles)/perPeer)),
			Type:  "ulimit -n 4096, or LimitNOFILE=4096 in the unit of systemd",
		})
	}
}

// keys looks at the files with keys.
func (r *Report) keys(cfg Config) {
	bad := false
	for _, name := range cfg.Trust {
		bad = !r.trusted(name) || bad
	}
	if cfg.KeyErr != nil && !bad {
		r.find(Finding{
			ID: "key", What: "the keys cannot be used: " + cfg.KeyErr.Error(),
			Means: "no node starts with this configuration", Type: "zre --keygen FILE makes a new key",
		})
	}
	if cfg.Key == "" {
		r.fact("key", "none: messages are not encrypted, and only nodes without a key are met")
		return
	}
	for _, name := range []string{cfg.Key + "_secret", cfg.Key} {
		if info, err := os.Stat(name); err == nil {
			r.keyFile(name, info)
			break
		}
	}
	if len(cfg.Trust) == 0 {
		r.fact("trust", "only nodes that share this key")
	}
}

func (r *Report) keyFile(name string, info fs.FileInfo) {
	if runtime.GOOS == "windows" {
		r.fact("key", "%s; who can read it is not known on windows", name)
		return
	}
	mode := info.Mode().Perm()
	r.fact("key", "%s, mode %04o", name, mode)
	if mode&0o077 != 0 {
		r.find(Finding{
			ID: "key-mode", What: fmt.Sprintf("%s has mode %04o", name, mode),
			Means: "others on this host can read the secret key, and pass for this node",
			Type:  "chmod 600 " + name,
		})
	}
}

// trusted looks at a file or directory with trusted keys. It reports whether there is one.
func (r *Report) trusted(name string) bool {
	if name == "any" {
		r.fact("trust", "any key")
		return true
	}
	list, err := keys.LoadTrusted(name)
	if err == nil && len(list) == 0 {
		err = errors.New("there is no key in it")
	}
	if err != nil {
		r.find(Finding{
			ID: "trust-empty", What: fmt.Sprintf("%s: %v", name, err),
			Means: "no node is trusted because of it, so all are left out",
			Type:  "cp PUBLIC_KEY_OF_A_PEER " + name,
		})
		return false
	}
	r.fact("trust", "%s: %d keys", name, len(list))
	return true
}
