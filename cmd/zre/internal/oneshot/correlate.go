package oneshot

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"strings"
)

// How a request and its answer find each other. The first frame of a request, a WHISPER or a
// SHOUT, is the text
//
//	ZRE-REQUEST/1 ID
//
// where ID is 32 hexadecimal digits that the sender draws by chance. What follows is the
// payload. The answer is a WHISPER to the sender whose first frame is
//
//	ZRE-REPLY/1 ID STATUS
//
// STATUS is the exit status of the command that made the answer, 0 to 255 in decimal digits;
// 0 is success. What follows is its output. Frames that are not of this form are no requests and
// no answers.
const (
	requestWord = "ZRE-REQUEST/1 "
	replyWord   = "ZRE-REPLY/1 "
	idDigits    = 32
)

// The statuses of an answer that no command made: as timeout(1) and shells have them.
const (
	statusLate     = 124 // the command ran too long and was ended
	statusTooLarge = 125 // its output was larger than an answer may be
	statusNotRun   = 126 // it could not be started
)

// newRequestID draws an ID.
func newRequestID() string {
	var id [idDigits / 2]byte
	_, _ = rand.Read(id[:]) // It never fails, see package rand.
	return hex.EncodeToString(id[:])
}

// requestFrame is the first frame of a request.
func requestFrame(id string) []byte { return []byte(requestWord + id) }

// parseRequest returns the ID of a request and its payload.
func parseRequest(frames [][]byte) (id string, payload [][]byte, ok bool) {
	if len(frames) == 0 || len(frames[0]) != len(requestWord)+idDigits {
		return "", nil, false
	}
	id, ok = strings.CutPrefix(string(frames[0]), requestWord)
	if !ok || !isID(id) {
		return "", nil, false
	}
	return id, frames[1:], true
}

// replyFrame is the first frame of an answer.
func replyFrame(id string, status int) []byte {
	return []byte(replyWord + id + " " + strconv.Itoa(status))
}

// parseReply returns the status and the payload of the answer to a request.
func parseReply(frames [][]byte, id string) (status int, payload [][]byte, ok bool) {
	const most = len(replyWord) + idDigits + len(" 255")
	if len(frames) == 0 || len(frames[0]) > most {
		return 0, nil, false
	}
	digits, ok := strings.CutPrefix(string(frames[0]), replyWord+id+" ")
	if !ok {
		return 0, nil, false
	}
	n, err := strconv.ParseUint(digits, 10, 8)
	if err != nil || strconv.FormatUint(n, 10) != digits {
		return 0, nil, false
	}
	return int(n), frames[1:], true
}

func isID(id string) bool {
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(id) == idDigits
}
