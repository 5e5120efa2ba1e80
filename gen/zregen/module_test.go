package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// limit is how long a go command may take, on a machine that has other things to do.
const limit = 5 * time.Minute

// goCommand runs the go command in a directory, without a network.
func goCommand(t *testing.T, dir string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("this needs the go command:", err)
	}
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off", "GOWORK=off", "GO111MODULE=on")
	kill := time.AfterFunc(limit, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// chat is the model of somebody else's protocol.
const chat = `<class name = "chat_msg" signature = "7" title = "a chat">
    <grammar>
    chat = C:hello *( C:say / S:said )
    </grammar>
    <define name = "VERSION" value = "1" />
    <header>
        <field name = "version" type = "number" value = "VERSION" />
        <field name = "sequence" type = "number" size = "4"><test>65536</test></field>
        <field name = "sender" type = "uuid" />
    </header>
    <message name = "HELLO"><field name = "nick" type = "string"><test>ada</test></field></message>
    <message name = "SAY"><field name = "to" type = "strings" /><field name = "text" type = "msg" /></message>
    <message name = "SAID"><field name = "tags" type = "hash" /><field name = "body" type = "frame" /></message>
</class>
`

// program is a test of the other module, which uses what is generated there.
const program = `package chat

import (
	"encoding"
	"errors"
	"testing"

	"example.com/chat/internal/codec/chatmsg"
	"example.com/chat/internal/codec/wire"
)

func TestChat(t *testing.T) {
	var m chatmsg.Message = &chatmsg.Say{To: []string{"bob"}, Text: [][]byte{[]byte("hi"), []byte("there")}}
	m.SetHeaderSequence(7)
	m.SetHeaderSender([16]byte{1, 2, 3})
	frames, _, err := m.AppendFrames(nil, nil)
	if err != nil || len(frames) != 3 || len(frames[0]) != m.Size() {
		t.Fatal(frames, err)
	}
	h, err := chatmsg.DecodeHeader(frames[0])
	if err != nil || h.Sequence != 7 || h.ID != chatmsg.IDSay || h.Sender[2] != 3 {
		t.Fatal(h, err)
	}
	back, err := chatmsg.DecodeFrames(frames)
	if err != nil || !back.Equal(m) || back.HeaderSequence() != 7 {
		t.Fatal(back, err)
	}
	var field *wire.FieldError
	if _, err := chatmsg.Decode(frames[0][:9]); !errors.As(err, &field) || field.Field != "sender" {
		t.Fatal(err)
	}
	var _ interface {
		encoding.BinaryMarshaler
		encoding.BinaryUnmarshaler
	} = m
}
`

// TestOtherModule makes a module that uses the generator by go:generate for a model of its own,
// compiles what comes out, and runs its tests.
func TestOtherModule(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"go.sum": string(sums),
		"go.mod": "module example.com/chat\n\ngo " + goVersion(t, root) + "\n\n" +
			"require " + ownModule + " v0.0.0\n\nreplace " + ownModule + " => " + root + "\n",
		"chat.go":      "// Package chat is somebody else's.\npackage chat\n\n//go:generate go run " + ownModule + "/gen/zregen -strict chat.xml\n",
		"chat.xml":     chat,
		"chat_test.go": program,
	} {
		write(t, filepath.Join(dir, name), text)
	}
	if out := goCommand(t, dir, "generate", "./..."); out != "" {
		t.Errorf("go generate said %s", out)
	}
	goCommand(t, dir, "vet", "./...")
	out := goCommand(t, dir, "test", "-v", "./...")
	for _, want := range []string{"--- PASS: TestChat", "--- PASS: TestRoundTrip/HELLO", "--- PASS: TestRoundTrip/SAY", "--- PASS: TestRoundTrip/SAID"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	// What is generated needs neither this module nor any other.
	for path := range strings.Lines(goCommand(t, dir, "list", "-deps", "-test", "./internal/...")) {
		path, _, _ = strings.Cut(strings.TrimSpace(path), " ")
		if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") && first != "example.com" && !strings.HasSuffix(path, ".test") {
			t.Errorf("what is generated imports %s", path)
		}
	}
	asOldGo(t, dir)
	// A second run has nothing to do.
	before := tree(t, dir)
	goCommand(t, dir, "generate", "./...")
	for name, text := range tree(t, dir) {
		if before[name] != text {
			t.Errorf("a second run changed %s", name)
		}
	}
}

// oldestGo is the version that what is generated is for.
const oldestGo = "1.23"

// asOldGo checks that what is generated asks for no later version of Go than the documentation
// says. The checks of go vet compare what is used with the version of the module.
func asOldGo(t *testing.T, from string) {
	t.Helper()
	dir := t.TempDir()
	copyModule(t, filepath.Join(from, "internal"), filepath.Join(dir, "internal"))
	write(t, filepath.Join(dir, "go.mod"), "module example.com/chat\n\ngo "+oldestGo+".0\n")
	goCommand(t, dir, "vet", "./...")
	if !strings.Contains(usage, "Go "+oldestGo) {
		t.Errorf("zregen -h does not say Go %s", oldestGo)
	}
	// The check is at work: it refuses this version, which is too old.
	write(t, filepath.Join(dir, "go.mod"), "module example.com/chat\n\ngo 1.21.0\n")
	cmd := exec.CommandContext(t.Context(), "go", "vet", "./...")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Errorf("go vet takes it for Go 1.21: %s", out)
	}
}

// goVersion returns what the go line of the module says.
func goVersion(t *testing.T, root string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if version, ok := strings.CutPrefix(line, "go "); ok {
			return strings.TrimSpace(version)
		}
	}
	t.Fatal("go.mod has no go line")
	return ""
}
