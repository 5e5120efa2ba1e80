package screenshot

import (
	"os"
	"path/filepath"
	"testing"
)

// Golden compares an image with the one in docs/ that has this name; with update it is written.
// The test runs in a directory so many levels below the module.
func Golden(t *testing.T, name, image string, levels int, update bool) {
	t.Helper()
	file := filepath.Join("docs", name)
	for range levels {
		file = filepath.Join("..", file)
	}
	if update {
		if err := os.WriteFile(file, []byte(image), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != image {
		t.Errorf("docs/%s is not what the program shows (run the test with -update, and look at the image)", name)
	}
}
