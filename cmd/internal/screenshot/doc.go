// Package screenshot draws what a terminal emulator shows as an SVG image. Tests make the images
// of docs/ with it, and hold that they are what the programs show. Only tests import it.
package screenshot
