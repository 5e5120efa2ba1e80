package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/zre"
)

// trustAny in --trust stands for all keys.
const trustAny = "any"

// KeyFlags are the flags of programs that can speak over CURVE.
type KeyFlags struct {
	key   string
	trust []string
}

// Register adds the flags to a set; does says what the program does with a key, and whom
// with whom it then speaks.
func (f *KeyFlags) Register(fs *pflag.FlagSet, does, whom string) {
	fs.StringVar(&f.key, "key", "", does+", with the secret key in this `FILE` (zre --keygen makes one)")
	fs.Var(words{&f.trust, "FILE"}, "trust", "speak with "+whom+" that have a key in this file or directory, or \"any\"; may be repeated (default: those that have our own)")
}

// Load reads the certificates that the flags name.
func (f *KeyFlags) Load(env *Env) (secret string, trusted []string, err error) {
	if env.Set("key") { // A name that is empty, as of a variable that is not set, must not turn it off.
		switch _, noFile := zre.PublicKey(f.key); {
		case f.key == "":
			return "", nil, env.Refuse("key", `""`, "is no file; leave it out to speak in plain text")
		case noFile == nil:
			return "", nil, env.Refuse("key", "(hidden)", "is a key, and not the name of a file with one")
		}
		if secret, err = secretKey(env, f.key); err != nil {
			return "", nil, env.Refuse("key", f.key, bareReason(err))
		}
	}
	for _, t := range f.trust {
		if secret == "" {
			return "", nil, env.Refuse("trust", t, "want --key too: without it nothing is encrypted")
		}
		if t == trustAny {
			trusted = append(trusted, zre.TrustAnyKey)
			continue
		}
		if _, err := zre.PublicKey(t); err == nil {
			return "", nil, env.Refuse("trust", "(hidden)", "is a key, and not the name of a file with one")
		}
		keys, err := zre.LoadTrustedKeys(t)
		if err != nil {
			return "", nil, env.Refuse("trust", t, bareReason(err))
		}
		trusted = append(trusted, keys...)
	}
	return secret, trusted, nil
}

// secretKey reads a secret key, and warns of a file that others can read.
func secretKey(env *Env, file string) (string, error) {
	c, err := zre.LoadCertificate(file)
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
		if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			env.Log.Warn("others on this host can read the secret key", "file", name, "to mend that", "chmod 600 "+name)
		}
		break
	}
	return c.SecretKey, nil
}

// bareReason is an error about a file without the operation that met it.
func bareReason(err error) string {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Sprintf("%s cannot be read: %v", path.Path, path.Err)
	}
	return err.Error()
}

// NewKey makes a certificate for a secure network in FILE and FILE_secret.
func NewKey(env *Env, file string) error {
	if file == "" {
		return Usagef(`--keygen "": is no file`)
	}
	c, err := zre.NewCertificate()
	if err == nil {
		err = c.Save(file)
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok && errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists and is not overwritten; remove it first, or choose another name", path.Path)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, `The new key is in %[1]s_secret. For a network whose nodes share it, copy this file to each
of them, by a way that nobody else can read, and start there: zre --key %[1]s_secret
For nodes with keys of their own, %[1]s has the public half: zre --key THEIRS_secret --trust %[1]s
It is %[2]s
`, file, c.PublicKey)
	return err
}
