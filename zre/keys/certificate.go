package keys

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/regular"
)

// secretSuffix ends the name of the file that has the secret key as well.
const secretSuffix = "_secret"

// maxCertificate bounds the size of a file, in octets.
const maxCertificate = 64 << 10

// Any in a list of trusted keys stands for all public keys: messages are encrypted, but
// every node with a key takes part.
const Any = curve.AnyKey

// Public returns the public key that belongs to a secret one.
func Public(secret string) (string, error) { return curve.Public(secret) }

// Certificate is the key pair of a node of a secure network, or a public key alone. Its
// files are those of czmq's zcert: FILE has the public key, FILE_secret both.
type Certificate struct {
	PublicKey string // 40 characters of Z85 (ZeroMQ RFC 32)
	SecretKey string // likewise; "" if only the public key is known
}

// New makes a certificate with a new key pair.
func New() (Certificate, error) {
	public, secret, err := curve.NewPair()
	return Certificate{public, secret}, err
}

// Load reads a certificate from FILE_secret if that exists, else from FILE. An error
// never quotes a key.
func Load(file string) (Certificate, error) {
	data, err := readCertificate(file + secretSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = readCertificate(file)
	} else {
		file += secretSuffix
	}
	if err != nil {
		return Certificate{}, err
	}
	c, err := parseCertificate(data)
	if err != nil {
		return Certificate{}, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}

func readCertificate(file string) ([]byte, error) {
	data, err := regular.ReadFile(file, maxCertificate)
	if errors.Is(err, regular.ErrTooLarge) {
		err = fmt.Errorf("%s: no certificate: larger than %d octets", file, maxCertificate)
	}
	return data, err
}

// parseCertificate reads the form of czmq's zconfig (ZeroMQ RFC 4), of which a certificate needs
// sections, indented by 4 blanks a level, and quoted values.
func parseCertificate(data []byte) (c Certificate, err error) {
	section, number := "", 0
	for line := range bytes.Lines(data) {
		number++
		text := strings.TrimRight(string(line), " \t\r\n")
		name, value, assigned := strings.Cut(text, "=")
		entry := strings.TrimSpace(name)
		if entry == "" && !assigned || strings.HasPrefix(entry, "#") {
			continue
		}
		if !strings.HasPrefix(text, " ") && !strings.HasPrefix(text, "\t") {
			section = entry
			continue
		}
		var key *string
		switch {
		case section == "curve" && entry == "public-key":
			key = &c.PublicKey
		case section == "curve" && entry == "secret-key":
			key = &c.SecretKey
		default:
			continue
		}
		*key = unquoted(strings.TrimSpace(value))
		if _, err := curve.Parse(*key); err != nil {
			return Certificate{}, fmt.Errorf("line %d: %s: %w", number, entry, err)
		}
	}
	if c.PublicKey == "" {
		return Certificate{}, errors.New(`no certificate: there is no public-key = "..." in a section "curve"`)
	}
	if c.SecretKey == "" {
		return c, nil
	}
	if public, err := curve.Public(c.SecretKey); err != nil || public != c.PublicKey {
		return Certificate{}, errors.New("the public-key is not the one that belongs to the secret-key")
	}
	return c, nil
}

// unquoted returns a value without its quotes, and without a comment behind them.
func unquoted(value string) string {
	if value == "" || !strings.ContainsAny(value[:1], `"'`) {
		return value
	}
	inner, _, _ := strings.Cut(value[1:], value[:1])
	return inner
}

// publicKeyIn returns the public key in a file.
func publicKeyIn(file string) (string, error) {
	data, err := readCertificate(file)
	if err != nil {
		return "", err
	}
	c, err := parseCertificate(data)
	if err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	return c.PublicKey, nil
}

// Save writes the public key to FILE. If there is a secret key, it writes both keys to
// FILE_secret, which only its owner may read. Neither file may exist.
func (c Certificate) Save(file string) error {
	public := "#   ZeroMQ CURVE Public Certificate\n" +
		"#   Exchange securely, or use a secure mechanism to verify the contents\n" +
		"#   of this file after exchange.\n\n" +
		fmt.Sprintf("metadata\ncurve\n    public-key = \"%s\"\n", c.PublicKey)
	if c.SecretKey == "" {
		return create(file, public, 0o644)
	}
	secret := "#   ZeroMQ CURVE **Secret** Certificate\n" +
		"#   Keep this file secret: every node that has it is trusted.\n\n" +
		fmt.Sprintf("metadata\ncurve\n    public-key = \"%s\"\n    secret-key = \"%s\"\n", c.PublicKey, c.SecretKey)
	if err := create(file+secretSuffix, secret, 0o600); err != nil {
		return err
	}
	if err := create(file, public, 0o644); err != nil {
		return errors.Join(err, os.Remove(file+secretSuffix))
	}
	return nil
}

// create writes a file that must not exist.
func create(file, text string, mode fs.FileMode) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(file))
	}
	return nil
}

// LoadTrusted returns the public keys of the certificates in a file or in a
// directory, for Security.TrustedKeys of package zre. In a directory all files count,
// except hidden ones and those with secret keys, whose names end in _secret. A file that
// is not a certificate is an error.
func LoadTrusted(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil { // Not a directory. If it is not a file either, the next error says so.
		key, err := publicKeyIn(path)
		if err != nil {
			return nil, err
		}
		return []string{key}, nil
	}
	var keys []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || strings.HasSuffix(e.Name(), secretSuffix) || e.IsDir() {
			continue
		}
		key, err := publicKeyIn(filepath.Join(path, e.Name()))
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s: there is no certificate in this directory", path)
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}
