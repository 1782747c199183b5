package awstest

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Secret is one of Secrets Manager: text, or bytes where there is no text.
type Secret struct {
	Text    string
	Bytes   []byte
	Deleted bool // marked for deletion: it is there and cannot be read
}

// scope is where a signed request says for which region and service it is.
var scope = regexp.MustCompile(`Credential=[^/]+/\d{8}/([a-z0-9-]+)/([a-z]+)/aws4_request`)

// secretsManager answers its JSON protocol, of which streamwatch may only read.
func (c *Cloud) secretsManager(w http.ResponseWriter, req *http.Request, action string) {
	c.calls = append(c.calls, Call{At: time.Now(), Action: action})
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	out, err := c.secretValue(req, action)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": err.code, "Message": err.message})
		return
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (c *Cloud) secretValue(req *http.Request, action string) (map[string]any, *fault) {
	if r := c.refused(action); r != nil {
		return nil, &fault{r.code, r.message}
	}
	var in struct{ SecretId string }
	body, _ := io.ReadAll(req.Body) // what is cut off is no JSON
	at := scope.FindStringSubmatch(req.Header.Get("Authorization"))
	switch {
	case action != "GetSecretValue":
		return nil, &fault{"UnknownOperationException", action}
	case at == nil || at[2] != "secretsmanager":
		return nil, &fault{"InvalidSignatureException", "Credential should be scoped to correct service: 'secretsmanager'."}
	case json.Unmarshal(body, &in) != nil || in.SecretId == "":
		return nil, &fault{
			"ValidationException",
			"Value null at 'secretId' failed to satisfy constraint: Member must not be null",
		}
	case !c.allowed("secretsmanager:GetSecretValue", in.SecretId, nil):
		return nil, &fault{"AccessDeniedException", denied("secretsmanager:GetSecretValue", in.SecretId).message}
	}
	secret, known := c.Secrets[in.SecretId]
	switch {
	case !known || !strings.HasPrefix(in.SecretId, "arn:aws:secretsmanager:"+at[1]+":"+Account+":secret:"):
		return nil, &fault{"ResourceNotFoundException", "Secrets Manager can't find the specified secret."}
	case secret.Deleted:
		return nil, &fault{
			"InvalidRequestException",
			"You can't perform this operation on the secret because it was marked for deletion.",
		}
	}
	out := map[string]any{
		"ARN": in.SecretId, "VersionId": "00000000-0000-4000-8000-000000000000",
		"VersionStages": []string{"AWSCURRENT"},
	}
	if secret.Text != "" {
		out["SecretString"] = secret.Text
	} else {
		out["SecretBinary"] = secret.Bytes // in JSON it is base64
	}
	return out, nil
}
