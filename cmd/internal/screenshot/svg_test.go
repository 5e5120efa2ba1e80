package screenshot

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/charmbracelet/x/vt"
)

func TestSVG(t *testing.T) {
	screen := vt.NewEmulator(20, 3)
	if _, err := io.WriteString(screen, "a<b>&\x1b[1mbold\x1b[0m \x1b[31mred\x1b[0m\r\n\x1b[7mrev\x1b[0m\x1b[2mfaint\x1b[0m\r\n日本 wide"); err != nil {
		t.Fatal(err)
	}
	image := SVG(screen, 3)
	for _, want := range []string{
		`viewBox="0 0 192 78"`,
		`>a&lt;b&gt;&amp;</text>`,
		`fill="#e4e9f0" font-weight="bold" textLength="33.6" xml:space="preserve">bold</text>`,
		`fill="#ff7b72" textLength="25.2" xml:space="preserve">red</text>`,
		`<rect x="12.0" y="30" width="25.2" height="18" fill="#e4e9f0"/>`,
		`fill="#11161d" textLength="25.2" xml:space="preserve">rev</text>`,
		`fill="#7d8794" textLength="42.0" xml:space="preserve">faint</text>`,
		`<text x="12.0" y="62" fill="#e4e9f0"`,
		`>日本 wide`,
	} {
		if !strings.Contains(image, want) {
			t.Errorf("no %s in\n%s", want, image)
		}
	}
	d := xml.NewDecoder(strings.NewReader(image))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("it is not XML: %v", err)
		}
	}
}
