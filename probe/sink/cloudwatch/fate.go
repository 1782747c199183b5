package cloudwatch

import (
	"errors"
	"net"
	"net/http"
	"slices"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/streamwatch/streamwatch/probe"
)

// outcome is what became of a request.
type outcome int

const (
	taken   outcome = iota
	refused         // certainly not taken: send it again later
	wrong           // not taken, and never will be
	unknown         // sent, but the answer is missing or says nothing
)

// wrongCodes are errors that the same request will meet again.
var wrongCodes = []string{
	"InvalidParameterValue", "InvalidParameterValueException", "InvalidParameterCombination",
	"InvalidParameterCombinationException", "MissingParameter", "MissingRequiredParameterException",
	"ValidationError", "ValidationException", "InvalidFormat", "SerializationException",
}

// fate tells what became of a request from its error.
func fate(err error) outcome {
	if err == nil {
		return taken
	}
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.Response != nil {
		return fateOfStatus(response.HTTPStatusCode(), err)
	}
	if _, ok := errors.AsType[*smithyhttp.RequestSendError](err); !ok {
		return refused // it never came to sending: no credentials, or no time left
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return refused
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return refused
	}
	return unknown
}

func fateOfStatus(status int, err error) outcome {
	code := ""
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		code = api.ErrorCode()
	}
	switch {
	case status == http.StatusRequestEntityTooLarge, status == http.StatusBadRequest && slices.Contains(wrongCodes, code):
		return wrong
	case status >= 400 && status < 500, status == http.StatusServiceUnavailable:
		return refused // throttled, or not allowed until somebody repairs that
	default:
		return unknown
	}
}

// cause names an error in a word for the page: the code that AWS gave it.
func cause(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return probe.Cause(err)
}

// Health says how sending goes. Metrics that wait in the spool are not counted.
func (s *Sink) Health() probe.SinkHealth {
	since, cause := s.failing.Tell()
	return probe.SinkHealth{FailingSince: since, Error: cause}
}
