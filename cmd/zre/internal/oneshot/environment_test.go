package oneshot

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

func TestEnvironment(t *testing.T) {
	t.Setenv("ZRE_REASON", "from outside")
	t.Setenv("ZRENAME", "kept")
	ev := zre.Event{Type: zre.EventShout, Peer: uuid.MustParse("aaaaaaaa-0000-4000-8000-000000000001"), Name: "a\x00b\n$(id)", Group: "gr\x1b oup"}
	env := environment(variables(ev), map[string]string{
		"X-Role": "1\x00\n2", "x.role": "second", "": "empty", "ä;rm": "3", "PATH": "/evil", "LD_PRELOAD": "evil",
	})
	for _, want := range []string{
		"ZRE_EVENT=SHOUT", "ZRE_PEER=aaaaaaaa-0000-4000-8000-000000000001", `ZRE_NAME=a\x00b\n$(id)`, `ZRE_GROUP=gr\x1b oup`, "ZRENAME=kept",
		`ZRE_HEADER_X_ROLE=1\x00\n2`, "ZRE_HEADER_=empty", "ZRE_HEADER___RM=3", "ZRE_HEADER_PATH=/evil",
		`ZRE_HEADERS={"":"empty","LD_PRELOAD":"evil","PATH":"/evil","X-Role":"1\u0000\n2","x.role":"second","ä;rm":"3"}`,
	} {
		if !slices.Contains(env, want) {
			t.Errorf("no %s in %q", want, env)
		}
	}
	names := map[string]bool{}
	for _, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		if names[name] || strings.ContainsRune(entry, 0) || name == "ZRE_REASON" || name == "LD_PRELOAD" {
			t.Errorf("%q", entry)
		}
		names[name] = true
	}
}

// A command starts whatever headers a peer has.
func TestEnvironmentIsBounded(t *testing.T) {
	headers := map[string]string{"large": strings.Repeat("x", 1<<20), "zz": "kept"}
	for i := range 20000 {
		headers[fmt.Sprintf("name%05d", i)] = strings.Repeat("\x1b", 40)
	}
	env := environment(nil, headers)
	cmd := exec.Command("true")
	if _, err := exec.LookPath("true"); err != nil {
		t.Skip(err)
	}
	cmd.Env = env
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
	left := ""
	for _, entry := range env {
		if rest, ok := strings.CutPrefix(entry, "ZRE_HEADERS_LEFT_OUT="); ok {
			left = rest
		}
	}
	each := len(`"name00000"` + `"` + strings.Repeat(`\u001b`, 40) + `"`)
	if want := fmt.Sprint(len(headers) - maxHeaders/each - 1); left != want { // zz fits behind them
		t.Errorf("%s headers are left out, want %s", left, want)
	}
}
