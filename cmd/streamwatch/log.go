package main

import (
	"fmt"
	stdlog "log"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/streamwatch/streamwatch/probe/fetch"
)

// log makes the logger that the flags ask for. It writes to stderr, and no
// secret that is known when a line is written.
func (c *cli) log() (*zap.Logger, error) {
	if err := oneOf("log-format", c.logFormat, "console", "json"); err != nil {
		return nil, err
	}
	if err := oneOf("log-level", c.logLevel, "debug", "info", "warn", "error"); err != nil {
		return nil, err
	}
	level, err := zapcore.ParseLevel(c.logLevel)
	if err != nil {
		return nil, fmt.Errorf("reading --log-level: %w", err)
	}
	conf := zap.NewProductionEncoderConfig()
	conf.TimeKey, conf.EncodeTime = "time", zapcore.RFC3339TimeEncoder
	encoder := zapcore.NewJSONEncoder(conf)
	if c.logFormat == "console" {
		conf.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05")
		conf.EncodeLevel = zapcore.CapitalLevelEncoder
		conf.ConsoleSeparator = "  "
		encoder = zapcore.NewConsoleEncoder(conf)
	}
	core := zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(c.stderr)), level)
	return zap.New(&maskingCore{core, c.known()}), nil
}

// maskingCore hides secrets in messages and in fields that are text.
type maskingCore struct {
	zapcore.Core
	secrets *fetch.Secrets
}

// With returns a core that writes fields too.
func (m *maskingCore) With(fields []zapcore.Field) zapcore.Core {
	return &maskingCore{m.Core.With(m.hide(fields)), m.secrets}
}

// Check adds the core to an entry that it writes.
func (m *maskingCore) Check(e zapcore.Entry, to *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if m.Enabled(e.Level) {
		return to.AddCore(e, m)
	}
	return to
}

// Write writes an entry.
func (m *maskingCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	e.Message = m.secrets.Mask(e.Message)
	return m.Core.Write(e, m.hide(fields))
}

func (m *maskingCore) hide(fields []zapcore.Field) []zapcore.Field {
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

// redirectStandardLog takes over the log of the standard library, which net/http
// writes to: as it is, it would show bytes of bodies on stderr.
func redirectStandardLog(log *zap.Logger) {
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
