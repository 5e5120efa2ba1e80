package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// noteTest is a test of the message that CONTRIBUTING.md adds. It sends one to a peer over TCP,
// frame by frame, as any message is sent: without knowing its type.
const noteTest = `package zremsg

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"
)

// send writes the frames of a message, each with its length. It is the same for each message.
func send(w io.Writer, m Message, sequence uint16) error {
	m.SetHeaderSequence(sequence)
	frames, buf, err := m.AppendFrames(nil, nil)
	if err != nil {
		return err
	}
	out := append(buf[:0:0], byte(len(frames)))
	for _, frame := range frames {
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(frame))), frame...)
	}
	_, err = w.Write(out)
	return err
}

// receive reads what send has written.
func receive(r io.Reader) (Message, error) {
	var count [1]byte
	if _, err := io.ReadFull(r, count[:]); err != nil {
		return nil, err
	}
	var frames [][]byte
	for range count[0] {
		var size [4]byte
		if _, err := io.ReadFull(r, size[:]); err != nil {
			return nil, err
		}
		frame := make([]byte, binary.BigEndian.Uint32(size[:]))
		if _, err := io.ReadFull(r, frame); err != nil {
			return nil, err
		}
		frames = append(frames, frame)
	}
	return DecodeFrames(frames)
}

func TestNoteArrives(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	messages := []Message{&Hello{Name: "ada"}, &Note{Text: "buy milk"}, &Whisper{Content: [][]byte{[]byte("psst")}}, &Note{}}
	sent := make(chan error, 1)
	go func() {
		conn, err := net.DialTimeout("tcp", listener.Addr().String(), 10*time.Second)
		for i, m := range messages {
			if err == nil {
				err = send(conn, m, uint16(i+1))
			}
		}
		if conn != nil {
			conn.Close()
		}
		sent <- err
	}()
	if err := listener.(*net.TCPListener).SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal("no connection came: ", err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	for i, want := range messages {
		got, err := receive(in)
		if err != nil || !got.Equal(want) || got.HeaderSequence() != uint16(i+1) {
			t.Errorf("message %d is %v, %v; want %v", i, got, err, want)
		}
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if IDNote.String() != "NOTE" || (&Note{Sequence: 1, Text: "x"}).String() != "NOTE{sequence: 1, text: \"x\"}" {
		t.Error("NOTE has another name")
	}
}
`

// howTo finds the section of CONTRIBUTING.md, its model in XML, and the command that generates.
var (
	howTo   = regexp.MustCompile("(?s)\n## How to add a message\n(.*?)\n## ")
	xmlPart = regexp.MustCompile("(?s)```xml\n(.*?)```")
	command = regexp.MustCompile("`go (generate [^`]*)`")
)

// TestContributingAddsMessage does what CONTRIBUTING.md says under "How to add a message", word for
// word, in a copy of the module: it adds the message to the model, generates, and sends one.
func TestContributingAddsMessage(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	page, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	section := howTo.FindSubmatch(page)
	if section == nil {
		t.Fatal("CONTRIBUTING.md does not say how to add a message")
	}
	part, generate := xmlPart.FindSubmatch(section[1]), command.FindSubmatch(section[1])
	if part == nil || generate == nil {
		t.Fatal("CONTRIBUTING.md shows no message, or no command")
	}

	dir := t.TempDir()
	copyModule(t, root, dir)
	spec := filepath.Join(dir, "specs", "zre_msg.xml")
	text, err := os.ReadFile(spec)
	if err != nil {
		t.Fatal(err)
	}
	write(t, spec, strings.Replace(string(text), "</class>", string(part[1])+"</class>", 1))
	goCommand(t, dir, strings.Fields(string(generate[1]))...)
	codec := filepath.Join(dir, "internal", "codec", "zremsg")
	write(t, filepath.Join(codec, "note_test.go"), noteTest)
	out := goCommand(t, dir, "test", "-v", "./internal/codec/zremsg", "./internal/codec")
	for _, want := range []string{"--- PASS: TestNoteArrives", "--- PASS: TestRoundTrip/NOTE", "--- PASS: TestModelValues/zremsg"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	grammar, err := os.ReadFile(filepath.Join(dir, "specs", "zre_msg.abnf"))
	if err != nil || !strings.Contains(string(grammar), "signature %x0B version sequence text") {
		t.Errorf("no rule of NOTE in the grammar, %v:\n%s", err, grammar)
	}
}

// copyModule copies what is under version control, and what is not yet.
func copyModule(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		name := d.Name()
		switch {
		case d.IsDir() && rel != "." && (strings.HasPrefix(name, ".") || name == "bin"):
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		case !d.Type().IsRegular() || strings.HasPrefix(name, "."):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}
