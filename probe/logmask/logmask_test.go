package logmask_test

import (
	"errors"
	"log"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/logmask"
)

// A secret is in no line, wherever it stands and also when it became known after
// the logger was made; what is no secret stays.
func TestSecretsAreHidden(t *testing.T) {
	var out strings.Builder
	secrets := new(fetch.Secrets)
	to := zapcore.NewCore(
		zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()),
		zapcore.AddSync(&out),
		zap.InfoLevel,
	)
	l := zap.New(logmask.New(to, secrets))
	secrets.Add("hunter2hunter2")
	u, err := url.Parse("https://e.example/hunter2hunter2/main.m3u8")
	if err != nil {
		t.Fatal(err)
	}
	with := l.With(zap.String("token", "hunter2hunter2"))
	with.Info(
		"asking with hunter2hunter2",
		zap.Error(errors.New("no hunter2hunter2 here")),
		zap.Stringer("url", u),
		zap.Int("tries", 3),
	)
	l.Debug("not at this level")
	if text := out.String(); strings.Contains(text, "hunter2") || strings.Count(text, "REDACTED") != 4 ||
		!strings.Contains(text, `"tries":3`) {
		t.Errorf("%s", text)
	}
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("levels are not kept: %s", out.String())
	}
}

// What net/http logs does not quote bytes that a server sent.
func TestTakeOver(t *testing.T) {
	flags, prefix, before := log.Flags(), log.Prefix(), log.Writer()
	defer func() { log.SetFlags(flags); log.SetPrefix(prefix); log.SetOutput(before) }()
	var out strings.Builder
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	logmask.TakeOver(zap.New(zapcore.NewCore(encoder, zapcore.AddSync(&out), zap.InfoLevel)))
	log.Print(`Unsolicited response received on idle HTTP channel starting with "bytes of a body"; err=<nil>`)
	if text := out.String(); strings.Contains(text, "bytes of a body") ||
		!strings.Contains(text, "Unsolicited response") {
		t.Errorf("%s", text)
	}
}
