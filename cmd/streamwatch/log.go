package main

import (
	"fmt"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/streamwatch/streamwatch/probe/logmask"
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
	return zap.New(logmask.New(core, c.known())), nil
}
