package deploy

import (
	"encoding/json"
	"os"
	"path/filepath"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
)

// knownFile is where a run keeps the distribution that it found, below the
// event's folder: the next one can start without CloudFormation.
const knownFile = "distribution.json"

// known is what a run remembers of a stack.
type known struct {
	Stack   string            `json:"stack"`
	Region  string            `json:"region"`
	Edge    string            `json:"edge"`
	Outputs map[string]string `json:"outputs"`
}

// remembered returns what an earlier run noted of this stack, nothing where that
// was another stack. An alias is an address by itself.
func remembered(folder string, c *configs.CloudFormation) known {
	var k known
	text, err := os.ReadFile(filepath.Join(folder, knownFile))
	if err != nil || json.Unmarshal(text, &k) != nil || k.Stack != c.StackName || k.Region != c.Region {
		k = known{}
	}
	return k
}

// remember notes a stack for the next start, and returns the text of the note.
func remember(folder string, k known, log *zap.Logger) string {
	text, err := json.MarshalIndent(k, "", "  ")
	text = append(text, '\n')
	if err == nil {
		err = probe.WriteFile(filepath.Join(folder, knownFile), string(text))
	}
	if err != nil {
		log.Warn("the distribution is not remembered: the next start needs CloudFormation", zap.Error(err))
	}
	return string(text)
}
