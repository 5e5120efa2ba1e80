// Package eventjson writes events of a node as JSON, one object on one line. It is the
// schema of all programs:
//
//	{"event":"ENTER","peer":UUID,"name":…,"endpoint":…,"headers":{…}}
//	{"event":"EXIT","peer":UUID,"name":…,"reason":…}
//	{"event":"JOIN","peer":UUID,"name":…,"group":…}            LEAVE, LEADER alike
//	{"event":"SHOUT","peer":UUID,"name":…,"group":…,"content":[FRAME, …]}
//	{"event":"WHISPER","peer":UUID,"name":…,"content":[FRAME, …]}
//
// A FRAME is a string, or {"base64":"…"} if it is not UTF-8. Where the time is known, it
// follows the event: "time":"2006-01-02T15:04:05.000+01:00" (RFC 3339). What a terminal could
// obey is escaped as \u…, so that a line is safe to look at and its value is what it was.
package eventjson
