package cli

import (
	"os"
	"testing"
)

// FuzzConfig holds that no file, however broken, does more than give an error
// or settings, and that what is found is where it is said to be.
func FuzzConfig(f *testing.F) {
	if example, err := os.ReadFile("../../../zre.conf"); err == nil {
		f.Add(example)
	}
	for _, seed := range []string{
		"", "[zre]\nname = a\n", "[zre\n", "name=a", "[zre]\nname = `a # b`\n", "[zre]\nname = \"\"\"a\nb\"\"\"\n", "[zre]\n- = a\n",
		"[zre]\ndebug\ndebug\n", "[]\n", "[DEFAULT]\na=b\n", "[zre]\n\"name = a\n", "\xff\xfe[\x00", "[zre]\nname = %(name)s\n", "[zre]\n= a\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := parseConfig("zre.conf", data)
		if err != nil {
			if Status(err) != ExitUsage {
				t.Errorf("%v is no error of the configuration", err)
			}
			return
		}
		for _, e := range entries {
			if e.section == "" || e.key == "" || e.line < 0 {
				t.Errorf("%+v", e)
			}
		}
	})
}
