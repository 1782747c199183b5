// Package logmask keeps secrets out of the log: of whatever is logged, nothing that
// a set of secrets knows is written.
//
// The rule that keeps it simple: it changes texts on their way out, and decides
// nothing else but how a line looks.
package logmask

import (
	"fmt"
	"io"
	stdlog "log"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/streamwatch/streamwatch/probe/fetch"
)

// Given is a field that is left out where its text is empty, such as a hint that an error
// does not have.
func Given(key, text string) zap.Field {
	if text == "" {
		return zap.Skip()
	}
	return zap.String(key, text)
}

// core hides secrets in messages and in fields that are text.
type core struct {
	zapcore.Core
	secrets *fetch.Secrets
}

// New returns a core that writes to another what secrets lets through. Secrets
// that become known later are hidden from then on.
func New(to zapcore.Core, secrets *fetch.Secrets) zapcore.Core { return &core{to, secrets} }

// With returns a core that writes fields too.
func (m *core) With(fields []zapcore.Field) zapcore.Core {
	return &core{m.Core.With(m.hide(fields)), m.secrets}
}

// Check adds the core to an entry that it writes.
func (m *core) Check(e zapcore.Entry, to *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if m.Enabled(e.Level) {
		return to.AddCore(e, m)
	}
	return to
}

// Write writes an entry.
func (m *core) Write(e zapcore.Entry, fields []zapcore.Field) error {
	e.Message = m.secrets.Mask(e.Message)
	return m.Core.Write(e, m.hide(fields))
}

func (m *core) hide(fields []zapcore.Field) []zapcore.Field {
	shown := make([]zapcore.Field, len(fields))
	for i, f := range fields {
		switch f.Type { //nolint:exhaustive // the others hold no text of somebody else's
		case zapcore.StringType:
			f.String = m.secrets.Mask(f.String)
		case zapcore.ErrorType:
			if err, ok := f.Interface.(error); ok {
				f = zap.String(f.Key, m.secrets.Mask(err.Error()))
			}
		case zapcore.StringerType:
			if s, ok := f.Interface.(fmt.Stringer); ok {
				f = zap.String(f.Key, m.secrets.Mask(s.String()))
			}
		}
		shown[i] = f
	}
	return shown
}

// Logger makes a logger that writes to out what secrets lets through. format is
// "console" or "json", level one of zap's.
func Logger(out io.Writer, format, level string, secrets *fetch.Secrets) (*zap.Logger, error) {
	least, err := zapcore.ParseLevel(level)
	if err != nil {
		return nil, fmt.Errorf("reading the level of the log: %w", err)
	}
	conf := zap.NewProductionEncoderConfig()
	conf.TimeKey, conf.EncodeTime = "time", zapcore.RFC3339TimeEncoder
	encoder := zapcore.NewJSONEncoder(conf)
	if format == "console" {
		conf.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05")
		conf.EncodeLevel = zapcore.CapitalLevelEncoder
		conf.ConsoleSeparator = "  "
		encoder = zapcore.NewConsoleEncoder(conf)
	}
	return zap.New(New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(out)), least), secrets)), nil
}

// TakeOver takes over the log of the standard library, which net/http writes to: as
// it is, it would show bytes of bodies on stderr.
func TakeOver(log *zap.Logger) {
	stdlog.SetFlags(0)
	stdlog.SetPrefix("")
	stdlog.SetOutput(standardLog{log})
}

type standardLog struct{ log *zap.Logger }

// Write logs one line, without the bytes that a server sent where it quotes them:
// "Unsolicited response received on idle HTTP channel starting with …".
func (s standardLog) Write(line []byte) (int, error) {
	text, _, _ := strings.Cut(strings.TrimSpace(string(line)), " starting with ")
	s.log.Warn("net/http says something", zap.String("what", text))
	return len(line), nil
}
