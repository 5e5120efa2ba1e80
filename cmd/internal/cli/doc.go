// Package cli is what the programs of this project have in common: flags,
// the configuration file zre.conf, the environment, signals, the log, help,
// manual pages, shell completion and exit statuses.
//
// A program describes itself in a [Program] and hands it to [Main]:
//
//	func main() { os.Exit(cli.Main(program())) }
//
// A setting has the first of these values that is given:
//
//	flag on the command line
//	ZRENAME (the name only)
//	zre.conf, section of the program ([zrecat])
//	zre.conf, section [zre]
//	the default
//
// The keys of zre.conf are the long flags, so that there is one table of
// settings and not two: what reads the file sets flags. Nothing in it is skipped
// silently: an unknown section or key, or a wrong value, is a [*ConfigError] with
// file, line, section and key.
//
// The package starts no goroutine but the one that waits for signals, which
// ends with the program.
package cli
