package zre

import "log/slog"

// reservedFiles is how many descriptors are left for what is not a connection of a peer:
// standard streams, listeners, sockets for beacons, connections that begin.
const reservedFiles = 24

// peersFor returns how many peers a process with that many descriptors can have: each one
// takes two connections. 0 descriptors stand for no limit.
func peersFor(files uint64) int {
	if files == 0 || files >= 2*DefaultMaxPeers+reservedFiles {
		return DefaultMaxPeers
	}
	if files <= reservedFiles+2 {
		return 1
	}
	return int(files-reservedFiles) / 2
}

// warnOfFiles says that there are not as many descriptors as MaxPeers needs.
func warnOfFiles(log *slog.Logger, maxPeers int, files uint64) {
	if need := uint64(2*maxPeers + reservedFiles); files != 0 && need > files && maxPeers > peersFor(files) {
		log.Warn("there are not enough file descriptors for Limits.MaxPeers peers",
			"peers", maxPeers, "needed", need, "limit", files, "hint", "raise the limit of open files")
	}
}
