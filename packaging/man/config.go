package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// configHead stands before what the example of zre.conf says.
const configHead = `% "ZRE.CONF" "5" "DATE" "zre" "ZeroMQ Realtime Exchange"

# NAME

zre.conf - settings of zre, zrecat and zgossip_server

# DESCRIPTION

`

// configFoot stands behind it.
const configFoot = `
# FILES

` + "`/etc/zre.conf`, `~/.zre.conf`" + `

# EXAMPLE

    [zre]
    name = alice
    interface = eth0
    gossip = gossip.example.org:31337

    [zgossip_server]
    listen = tcp://192.0.2.1:31337

# SEE ALSO

**zre**(1), **zrecat**(1), **zgossip\_server**(1), **zre**(7)
`

var (
	sectionLine = regexp.MustCompile(`^\[(.+)\]$`)
	settingLine = regexp.MustCompile(`^#([a-z][a-z-]*) = (.*)$`)
	headingLine = regexp.MustCompile(`^# ---- (.*)$`)
)

// configPage makes zre.conf(5) of the example zre.conf, in which each setting stands below the
// comment that explains it.
func configPage(root string) (string, error) {
	data, err := os.ReadFile(filepath.Join(root, "zre.conf"))
	if err != nil {
		return "", err
	}
	p := configText{}
	p.out.WriteString(configHead)
	for line := range strings.Lines(string(data)) {
		p.line(strings.TrimRight(line, "\n"))
	}
	p.paragraph()
	p.out.WriteString(configFoot)
	return p.out.String(), nil
}

// configText is a page while it is made.
type configText struct {
	out     bytes.Buffer
	comment []string // the lines of the comment that has not been written yet
	key     string   // the setting that was written last
	section bool     // a section has begun
}

func (p *configText) line(line string) {
	if m := sectionLine.FindStringSubmatch(line); m != nil {
		p.paragraph()
		p.section = true
		p.out.WriteString("# SECTION [" + escape(m[1]) + "]\n\n")
	} else if m := headingLine.FindStringSubmatch(line); m != nil {
		p.paragraph()
		p.out.WriteString("## " + escape(m[1]) + "\n\n")
	} else if m := settingLine.FindStringSubmatch(line); m != nil && p.section {
		p.setting(m[1], m[2])
	} else if line == "" {
		p.paragraph()
	} else if text := strings.TrimSpace(strings.TrimPrefix(line, "#")); text == "" {
		p.paragraph()
	} else {
		p.comment = append(p.comment, text)
		p.key = ""
	}
}

// setting writes a setting with the comment above it. A setting that is shown twice, or that
// follows another one without a comment, gets none.
func (p *configText) setting(key, value string) {
	if key == p.key {
		p.out.WriteString("**" + key + "** = " + code(value) + "\n\n")
		return
	}
	p.key = key
	text := escape(strings.Join(p.comment, " "))
	p.comment = nil
	p.out.WriteString("**" + key + "** = " + code(value) + "\n")
	if text == "" {
		text = "As **--" + key + "**."
	}
	p.out.WriteString(":   " + text + "\n\n")
}

// paragraph writes the comment as text of its own.
func (p *configText) paragraph() {
	if len(p.comment) > 0 {
		p.out.WriteString(escape(strings.Join(p.comment, " ")) + "\n\n")
	}
	p.comment = nil
}

// code is an example of a value.
func code(text string) string {
	return "_" + escape(strings.Trim(text, "`")) + "_"
}

// escape keeps Markdown from reading signs in a text.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "`", "\\`", "|", `\|`,
		"<", `\<`, "[", `\[`, "]", `\]`, "#", `\#`).Replace(text)
}
