package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/template"

	"github.com/cpuguy83/go-md2man/v2/md2man"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Section is a part of the manual: of --help, and of the manual page.
type Section struct {
	Title string // "Exit status"
	Body  string // plain text; an indented line stays as it is
}

// statuses is the common text about exit statuses.
const statuses = `0  all went well
1  it failed, or not everyone got what was sent
2  the command line or zre.conf makes no sense
3  no peer came in the time that was given`

// manual are all sections of a program, its own first.
func manual(p Program, path string) []Section {
	own := p.Statuses
	if own == "" {
		own = statuses
	}
	environment := "ZRECFG   the configuration file to read; others are not looked for\n"
	if p.Node != nil {
		environment += "ZRENAME  the name of the node; beats zre.conf and loses to --name\n"
	}
	environment += "CREDENTIALS_DIRECTORY\n         set by systemd; the secret key is zre.key in it, if --key is not given\n"
	var sections []Section
	sections = append(append(sections, p.Manual...), Section{"Exit status", indent(own)})
	if !p.NoConfig {
		sections = append(sections,
			Section{"Environment", indent(environment)},
			Section{"Files", files(p, path)})
	}
	if path != p.Name {
		return sections // A subcommand is completed with its program.
	}
	return append(sections,
		Section{"Completion", fmt.Sprintf("Shells complete flags after this line (bash; zsh, fish and powershell alike):\n\n    source <(%s completion bash)", p.Name)},
	)
}

// files says which zre.conf is read, and what of it.
func files(p Program, path string) string {
	holds := fmt.Sprintf("Section [zre] holds for all programs, section [%s] for this one;", p.Name)
	switch {
	case path != p.Name:
		holds = "Of it section [zre] holds, but for what the shell alone reads, and what only one node\nof a host can have: id, gossip-bind, advertise, contest, metrics;"
	case p.Name == "zre":
		holds = "Its section is [zre], which holds for all programs;"
	case p.Node == nil:
		holds = fmt.Sprintf("Its section is [%s]; of [zre] it reads debug alone;", p.Name)
	}
	return fmt.Sprintf("$ZRECFG, or else %s, or else ~/.zre.conf: the first that is there is read.\n%s\nthe keys are the long flags. A flag on the command line beats the file.", systemConfig, holds)
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
}

// indented moves the lines that begin at the left to where the others begin.
func indented(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if line != "" && !strings.HasPrefix(line, " ") {
			lines[i] = "  " + line
		}
	}
	return strings.Join(lines, "\n")
}

// helpTemplate is cobra's, with the sections of the manual behind it.
const helpTemplate = `{{.Long}}

Usage:
  {{.UseLine}}
{{if .Commands}}
Commands:
{{indented .Commands}}
{{end}}{{if .Example}}
Examples:
{{.Example}}
{{end}}
Flags:
{{.Flags}}
{{range .Manual}}
{{.Title}}:
{{indented .Body}}
{{end}}`

// setHelp makes --help print everything a user needs, and wrong usage nothing
// but what is wrong.
func setHelp(cmd *cobra.Command, p Program, path string) {
	page := template.Must(template.New("help").Funcs(template.FuncMap{"indented": indented}).Parse(helpTemplate))
	plain := cmd.HelpFunc()
	cmd.SetHelpFunc(func(c *cobra.Command, args []string) {
		if c != cmd { // "completion bash --help"
			plain(c, args)
			return
		}
		var out bytes.Buffer
		err := page.Execute(&out, map[string]any{
			"Long": p.Long, "UseLine": c.UseLine(), "Example": p.Example,
			"Flags": strings.TrimRight(c.Flags().FlagUsages(), "\n"), "Manual": manual(p, path),
			"Commands": p.commandList(),
		})
		if err != nil {
			fmt.Fprintln(&out, err)
		}
		// If help cannot be printed, an error cannot be printed either.
		_, _ = out.WriteTo(c.OutOrStdout())
	})
}

// writeManual writes the manual page in roff. Its date is that of the commit, so that the
// same sources give the same page.
func writeManual(w io.Writer, cmd *cobra.Command, p Program, path string) error {
	var page strings.Builder
	fmt.Fprintf(&page, "%% %q \"1\" %q \"zre\" \"ZeroMQ Realtime Exchange\"\n\n", strings.ToUpper(strings.ReplaceAll(path, " ", "-")), buildDate())
	section := func(title, body string) { fmt.Fprintf(&page, "# %s\n\n%s\n\n", strings.ToUpper(title), body) }
	section("Name", strings.ReplaceAll(path, " ", "-")+" - "+p.Short)
	section("Synopsis", strings.TrimSpace(fmt.Sprintf("**%s** [_flags_] %s", path, p.Args)))
	section("Description", preformat(p.Long))
	if commands := p.commandList(); commands != "" {
		section("Commands", preformat(commands))
	}
	section("Options", options(cmd.Flags()))
	if p.Example != "" {
		section("Examples", preformat(p.Example))
	}
	for _, s := range manual(p, path) {
		section(s.Title, preformat(s.Body))
	}
	var others []string
	for _, name := range sections() {
		if name != p.Name {
			others = append(others, "**"+strings.ReplaceAll(name, "_", "\\_")+"**(1)")
		}
	}
	others = append(others, "**zre.conf**(5)", "**zre**(7)")
	section("See also", strings.Join(others, ", "))
	_, err := w.Write(md2man.Render([]byte(page.String())))
	return err
}

// options is the list of flags, each with its value and its default.
func options(flags *pflag.FlagSet) string {
	var list strings.Builder
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		if f.Shorthand != "" {
			fmt.Fprintf(&list, "**-%s**, ", f.Shorthand)
		}
		value, usage := pflag.UnquoteUsage(f)
		fmt.Fprintf(&list, "**--%s**", f.Name)
		if f.Value.Type() != "bool" {
			fmt.Fprintf(&list, " _%s_", value)
			if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "[]" {
				usage += " (default: " + f.DefValue + ")"
			}
		}
		fmt.Fprintf(&list, "\n:   %s\n\n", usage)
	})
	return strings.TrimRight(list.String(), "\n")
}

// preformat makes indented lines code blocks, which man pages show as they are.
func preformat(body string) string {
	var out []string
	for line := range strings.SplitSeq(body, "\n") {
		if strings.HasPrefix(line, "  ") {
			line = "    " + strings.TrimPrefix(line, "  ")
			if n := len(out); n > 0 && out[n-1] != "" && !strings.HasPrefix(out[n-1], "    ") {
				out = append(out, "")
			}
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}
