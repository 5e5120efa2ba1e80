// Package transfer is how "zre put" gives files and directories to "zre get".
//
// All messages are WHISPERs. The first frame says what it is, see message.go. Of one transfer the
// two ends send
//
//	putter                             getter
//	OFFER   id, names, modes, sizes ─▶
//	                                ◀─ REFUSE  id, reason
//	                                ◀─ TAKE    id: yes, it looks for what it has
//	                                ◀─ ACCEPT  id, run, what it has of which file, with checksums
//	DATA    id, run, file, offset   ─▶         file by file, in the order of the offer
//	                                ◀─ RESULT  id, what became of it
//
// The getter decides where sending begins. An ACCEPT may come at any time: from then on the putter
// sends what that ACCEPT asks for, under its run, and the getter ignores DATA of other runs. So
// after a lost session the putter sends the OFFER again, and the getter answers with a new ACCEPT.
//
// A part of a file that the getter has is named by its length and its SHA-256. The putter sends
// what follows after it if its own file begins with the same octets, and else all of the file. The
// last DATA of a file has the SHA-256 of the whole file.
//
//	Source    files to give: their list, and their content as DATA
//	Dest      a directory to receive into; nothing outside of it is written
//	Incoming  one transfer on its way into a Dest
//
// A file that is not complete has a name that begins with PartPrefix. It gets its own name when it
// has all its octets, with the right checksum, and is on the disk.
package transfer
