package cli

import (
	"os"
	"strings"

	"github.com/gozre/zre/zre/keys"
)

// WithKey returns an address with the public key behind its |. What is there may be the name of
// a file with the key. flag is where the address was given, for errors; they do not show what
// is behind the |, which may be a secret key by mistake.
func (e *Env) WithKey(flag, address string) (string, error) {
	where, behind, keyed := strings.Cut(address, "|")
	if !keyed || behind == "" || isKey(behind) {
		return address, nil
	}
	c, err := keys.Load(behind)
	if err == nil {
		return where + "|" + c.PublicKey, nil
	}
	if _, missing := os.Stat(behind); missing != nil {
		return "", e.Refuse(flag, where+"|…", "behind the | is neither a public key nor a file that is there")
	}
	return "", e.Refuse(flag, where+"|…", "behind the | is no file with a public key: "+bareReason(err))
}

// withKeys is WithKey for a list.
func (e *Env) withKeys(flag string, addresses []string) ([]string, error) {
	list := make([]string, 0, len(addresses))
	for _, a := range addresses {
		keyed, err := e.WithKey(flag, a)
		if err != nil {
			return nil, err
		}
		list = append(list, keyed)
	}
	return list, nil
}
