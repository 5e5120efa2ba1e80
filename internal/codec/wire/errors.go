package wire

import (
	"errors"
	"strconv"
)

// The conditions that encoding and decoding can fail with. They come wrapped
// in a [FieldError]; ask for them with errors.Is.
var (
	// ErrShort says that the frame ended inside a field.
	ErrShort = errors.New("frame too short")
	// ErrTrailing says that octets, or whole frames, follow the last field.
	ErrTrailing = errors.New("trailing octets")
	// ErrTooLong says that a value is longer than its field can carry.
	ErrTooLong = errors.New("value too long")
	// ErrCount says that a list or a hash counts more entries than the
	// octets that are left can hold.
	ErrCount = errors.New("count exceeds the octets left")
	// ErrSignature says that the frame does not belong to this protocol.
	ErrSignature = errors.New("wrong signature")
	// ErrUnknownID says that the protocol has no message of this id.
	ErrUnknownID = errors.New("unknown message id")
	// ErrWrongID says that the frame holds another message than the one that
	// was to be decoded.
	ErrWrongID = errors.New("wrong message id")
	// ErrConstant says that a field that is constant in the protocol, such as
	// its version, has another value.
	ErrConstant = errors.New("wrong constant")
	// ErrFrames says that a frame that the message needs is missing.
	ErrFrames = errors.New("frame missing")
	// ErrZero says that a text that ends with a zero octet contains one, or
	// that the zero octet is missing.
	ErrZero = errors.New("misplaced zero octet")
	// ErrNil says that there is no message: the pointer or the interface is nil.
	ErrNil = errors.New("nil message")
)

// FieldError says which field of which message could not be encoded or
// decoded, and where in the frame it starts.
type FieldError struct {
	// Message is the name of the message as the model writes it. It is empty
	// when the frame failed before its id was known.
	Message string
	// Field is the name of the field as the model writes it. It is empty when
	// the fault lies with the message as a whole.
	Field string
	// Offset counts octets from the start of the frame.
	Offset int
	// Err is the condition, one of this package's sentinels.
	Err error
}

// Error names message, field, offset and condition.
func (e *FieldError) Error() string {
	where := e.Message
	if where == "" {
		where = "message"
	}
	if e.Field != "" {
		where += ": field " + strconv.Quote(e.Field)
	}
	return where + " at octet " + strconv.Itoa(e.Offset) + ": " + e.Err.Error()
}

// Unwrap returns the condition.
func (e *FieldError) Unwrap() error { return e.Err }

// Nil is the error for a nil pointer to the message of that name.
func Nil(message string) error { return &FieldError{Message: message, Err: ErrNil} }

// NoFrames is the error for a message of that name of which not even the first frame is there.
func NoFrames(message string) error { return &FieldError{Message: message, Err: ErrFrames} }

// UnknownID is what the id of no message is called.
func UnknownID(id uint8) string { return "ID(" + strconv.Itoa(int(id)) + ")" }
