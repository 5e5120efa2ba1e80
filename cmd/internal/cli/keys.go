package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/zre/keys"
)

// trustAny in --trust stands for all keys.
const trustAny = "any"

// KeyFlags are the flags of programs that can speak over CURVE.
type KeyFlags struct {
	key   string
	trust []string
	seen  string // the fingerprint of the files of trust when they were read last
	own   string // the secret key that is used
}

// Register adds the flags to a set. In the help, does says what the program does with a
// key, and peers with what it then speaks.
func (f *KeyFlags) Register(fs *pflag.FlagSet, does, peers string) {
	fs.StringVar(&f.key, "key", "", does+", with the secret key in this `FILE` (zre --keygen makes one)")
	fs.Var(words{&f.trust, "FILE"}, "trust", "speak with "+peers+" that have a key in this file or directory, or \"any\"; may be repeated (default: those that have our own)")
}

// Load reads the certificates that the flags name.
func (f *KeyFlags) Load(env *Env) (secret string, trusted []string, err error) {
	if env.Set("key") { // An empty name, as of an unset variable, must not turn CURVE off.
		switch {
		case f.key == "":
			return "", nil, env.Refuse("key", `""`, "is not a file; leave it out to speak in plain text")
		case isKey(f.key):
			return "", nil, env.Refuse("key", "(hidden)", "is a key, and not the name of a file with one")
		}
	}
	if file := f.file(env); file != "" {
		if secret, err = secretKey(env, file); err != nil {
			return "", nil, env.Refuse("key", file, bareReason(err))
		}
	}
	if secret == "" && len(f.trust) > 0 {
		return "", nil, env.Refuse("trust", f.trust[0], "want --key too: without it nothing is encrypted")
	}
	f.own = secret
	trusted, err = f.loadTrusted(env)
	return secret, trusted, err
}

// credential is the name under which systemd hands a service its secret key
// (LoadCredential=zre.key).
const credential = "zre.key"

// file is the file with the secret key: that of --key, else the one that systemd hands over.
func (f *KeyFlags) file(env *Env) string {
	if dir := env.variable("CREDENTIALS_DIRECTORY"); dir != "" && !env.Set("key") {
		name := filepath.Join(dir, credential)
		if _, err := os.Stat(name); err == nil {
			return name
		}
	}
	return f.key
}

// loadTrusted reads the public keys that --trust names.
func (f *KeyFlags) loadTrusted(env *Env) (trusted []string, err error) {
	f.seen = f.fingerprint() // Before they are read: what changes meanwhile is read again.
	for _, t := range f.trust {
		if t == trustAny {
			trusted = append(trusted, keys.Any)
			continue
		}
		if isKey(t) {
			return nil, env.Refuse("trust", "(hidden)", "is a key, and not the name of a file with one")
		}
		more, err := keys.LoadTrusted(t)
		if err != nil {
			return nil, env.Refuse("trust", t, bareReason(err))
		}
		trusted = append(trusted, more...)
	}
	return trusted, nil
}

// isKey reports whether a text is a key instead of the name of a file. The name of a file can
// have the form of a key.
func isKey(text string) bool {
	if _, err := keys.Public(text); err != nil {
		return false
	}
	for _, name := range []string{text, text + "_secret"} {
		if _, err := os.Stat(name); err == nil {
			return false
		}
	}
	return true
}

// secretKey reads a secret key, and warns of a file that others can read.
func secretKey(env *Env, file string) (string, error) {
	c, err := keys.Load(file)
	if err != nil {
		return "", err
	}
	if c.SecretKey == "" {
		return "", errors.New("there is only a public key in it; want the file whose name ends in _secret")
	}
	for _, name := range []string{file + "_secret", file} {
		info, err := os.Stat(name)
		if err != nil {
			continue
		}
		// The files that systemd hands over have other modes, and are safe.
		handed := filepath.Dir(name) == env.variable("CREDENTIALS_DIRECTORY")
		if runtime.GOOS != "windows" && !handed && info.Mode().Perm()&0o077 != 0 {
			env.Log.Warn("others on this host can read the secret key", "file", name, "to correct that", "chmod 600 "+name)
		}
		break
	}
	return c.SecretKey, nil
}

// bareReason is an error about a file without the name of the operation.
func bareReason(err error) string {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Sprintf("%s cannot be read: %v", path.Path, path.Err)
	}
	return err.Error()
}

// NewKey makes a certificate for a secure network in FILE and FILE_secret, and says so in words
// or with asJSON as an object.
func NewKey(env *Env, file string, asJSON bool) error {
	if file == "" {
		return Usagef(`--keygen "": is no file`)
	}
	c, err := keys.New()
	if err == nil {
		err = c.Save(file)
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok && errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists and is not overwritten; remove it first, or choose another name", path.Path)
	}
	if err != nil {
		return err
	}
	if asJSON {
		_, err = fmt.Fprintln(env.Stdout, eventjson.Line(eventjson.Key{
			Event: "KEY", Time: eventjson.Time(time.Now()), PublicKey: c.PublicKey,
			Public: file, Secret: file + "_secret",
		}))
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, `The new key is in %[1]s_secret. For a network whose nodes share it, copy this file to each
of them, by a way that others cannot read, and start there: zre --key %[1]s_secret
For nodes with keys of their own, %[1]s has the public half: zre --key THEIRS_secret --trust %[1]s
It is %[2]s
`, file, c.PublicKey)
	return err
}
