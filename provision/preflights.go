package provision

import (
	"encoding/json"
	"strings"
)

// maxFunctionName is CloudFront's limit for the name of a function.
const maxFunctionName = 64

// credentialedHeaders are what a page may send with cookies: a browser then takes
// no wildcard (Fetch standard, "CORS protocol and credentials").
func credentialedHeaders() []string {
	return []string{"Range", "Cache-Control", "If-None-Match", "If-Modified-Since"}
}

// answersPreflights says whether the distribution answers OPTIONS itself. A
// preflight carries no cookies, so it would be refused where viewers must sign.
func (s Spec) answersPreflights() bool { return s.Signed.on() && len(s.CORSOrigins) > 0 }

// preflightCode answers OPTIONS for the pages that may play, and lets everything
// else pass. ORIGINS and HEADERS are filled in. An origin such as
// https://*.example.com stands for every name below it.
const preflightCode = `function handler(event) {
  var request = event.request;
  if (request.method !== 'OPTIONS') return request;
  var origin = request.headers.origin ? request.headers.origin.value : '';
  var allowed = ORIGINS.some(function (o) {
    var at = o.indexOf('*');
    if (at < 0) return o === origin;
    var tail = o.slice(at + 1);
    return origin.length >= o.length && origin.indexOf(o.slice(0, at)) === 0 && origin.slice(-tail.length) === tail;
  });
  if (!allowed) return {statusCode: 403, statusDescription: 'Forbidden'};
  return {statusCode: 204, statusDescription: 'No Content', headers: {
    'access-control-allow-origin': {value: origin},
    'access-control-allow-credentials': {value: 'true'},
    'access-control-allow-methods': {value: 'GET, HEAD, OPTIONS'},
    'access-control-allow-headers': {value: HEADERS},
    'access-control-max-age': {value: '600'},
    'vary': {value: 'Origin'}
  }};
}
`

// preflightFunction is a CloudFront Function. Its name cannot change.
func preflightFunction(s Spec) object {
	quoted := func(v any) string {
		text, _ := json.Marshal(v) // texts always can be written
		return string(text)
	}
	headers := quoted(strings.Join(credentialedHeaders(), ", "))
	code := strings.NewReplacer("ORIGINS", quoted(s.CORSOrigins), "HEADERS", headers).Replace(preflightCode)
	name := shortened(s.StackName, maxFunctionName-len("-preflight-")-len(s.Region)) + "-" + s.Region + "-preflight"
	return resource("AWS::CloudFront::Function", object{
		"Name": name, "AutoPublish": true, "FunctionCode": code,
		"FunctionConfig": object{
			"Comment": "Answers preflights, which carry no signed cookies",
			"Runtime": "cloudfront-js-2.0",
		},
	})
}
