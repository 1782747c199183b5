package provision

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Ids of CloudFront's managed policies.
const (
	managedCachingDisabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
	managedSimpleCORS      = "60669652-455b-4ae9-85a4-c4c02393f86c"
)

// originID names an origin inside the distribution and its group.
const (
	originMain     = "origin"
	originFailover = "failover"
	originGroup    = "origins"
)

// namedOrigin is an origin with its id and the prefix of its parameters.
type namedOrigin struct {
	Origin
	id, prefix string
}

// origins returns the one origin, or both, primary first.
func (s Spec) origins() []namedOrigin {
	out := []namedOrigin{{Origin: s.Origin, id: originMain, prefix: "OriginHeader"}}
	if s.Failover != nil {
		out = append(out, namedOrigin{Origin: *s.Failover, id: originFailover, prefix: "FailoverHeader"})
	}
	return out
}

// headerNames returns the names of the secret headers in order.
func (o namedOrigin) headerNames() []string { return slices.Sorted(maps.Keys(o.Headers)) }

// parameter returns the NoEcho parameter for a header: X-Origin-Verify has
// OriginHeaderXOriginVerify.
func (o namedOrigin) parameter(header string) string {
	return o.prefix + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, header)
}

func distributionConfig(s Spec) object {
	config := object{
		"Enabled":              true,
		"Comment":              ref(paramComment),
		"HttpVersion":          "http2and3", // the schema's default is http1.1
		"IPV6Enabled":          true,
		"PriceClass":           s.PriceClass,
		"Origins":              originConfigs(s),
		"DefaultCacheBehavior": behavior(s, "", ref(manifestPolicyID)),
		"CacheBehaviors":       behaviors(s),
		"CustomErrorResponses": errorResponses(),
	}
	if s.Failover != nil {
		config["OriginGroups"] = failoverGroup()
	}
	if len(s.Aliases) > 0 {
		config["Aliases"] = s.Aliases
		config["ViewerCertificate"] = object{
			"AcmCertificateArn": s.CertificateARN, "SslSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021",
		}
	}
	if s.WAFARN != "" {
		config["WebACLId"] = s.WAFARN
	}
	switch {
	case len(s.GeoAllow) > 0:
		config["Restrictions"] = geo("whitelist", s.GeoAllow)
	case len(s.GeoBlock) > 0:
		config["Restrictions"] = geo("blacklist", s.GeoBlock)
	}
	return config
}

func geo(kind string, countries []string) object {
	return object{"GeoRestriction": object{"RestrictionType": kind, "Locations": countries}}
}

func originConfigs(s Spec) []object {
	var out []object
	for _, o := range s.origins() {
		custom := object{
			"HTTPPort":               ref(paramPort),
			"OriginProtocolPolicy":   "http-only",
			"OriginReadTimeout":      seconds(s.readTimeout()),
			"OriginKeepaliveTimeout": seconds(s.Timeouts.Keepalive),
		}
		if o.id == originFailover && !o.TLS {
			custom["HTTPPort"] = o.Port
		}
		if o.TLS {
			custom["HTTPSPort"] = o.Port
			custom["OriginProtocolPolicy"] = "https-only"
			custom["OriginSSLProtocols"] = []string{"TLSv1.2"}
		}
		origin := object{
			"Id":                        o.id,
			"DomainName":                ref(paramHost),
			"ConnectionAttempts":        s.Timeouts.Attempts,
			"ConnectionTimeout":         seconds(s.Timeouts.Connect),
			"ResponseCompletionTimeout": seconds(max(s.Timeouts.Completion, s.readTimeout())),
			"CustomOriginConfig":        custom,
		}
		if o.id == originFailover {
			origin["DomainName"] = o.Host
		}
		if o.Path != "" {
			origin["OriginPath"] = o.Path
		}
		if s.OriginShield != "" {
			origin["OriginShield"] = object{"Enabled": true, "OriginShieldRegion": s.OriginShield}
		}
		var headers []object
		for _, name := range o.headerNames() {
			headers = append(headers, object{"HeaderName": name, "HeaderValue": ref(o.parameter(name))})
		}
		if headers != nil {
			origin["OriginCustomHeaders"] = headers
		}
		out = append(out, origin)
	}
	return out
}

// readTimeout of the origin. With low latency a blocking playlist reload is
// held for up to three target durations (RFC 8216bis §6.2.5.2).
func (s Spec) readTimeout() time.Duration {
	if !s.LowLatency {
		return s.Timeouts.Read
	}
	return max(s.Timeouts.Read, min(3*s.TargetDuration+2*time.Second, maxReadTimeout))
}

// failoverGroup asks the second origin when the first cannot answer. A 404 is
// an answer: a segment may not have been published yet.
func failoverGroup() object {
	codes := []int{500, 502, 503, 504}
	members := []object{{"OriginId": originMain}, {"OriginId": originFailover}}
	return object{"Quantity": 1, "Items": []object{{
		"Id":               originGroup,
		"FailoverCriteria": object{"StatusCodes": object{"Quantity": len(codes), "Items": codes}},
		"Members":          object{"Quantity": len(members), "Items": members},
	}}}
}

// behaviors are matched in this order. Names that none matches (without an
// extension, or in capitals) get the manifest policy: they must fail fresh.
func behaviors(s Spec) []object {
	var out []object
	for _, pattern := range []string{"*.m3u8", "*.mpd"} {
		out = append(out, behavior(s, pattern, ref(manifestPolicyID)))
	}
	for _, pattern := range []string{"*.ts", "*.m4s", "*.mp4", "*.m4a", "*.aac", "*.vtt", "*.webvtt"} {
		out = append(out, behavior(s, pattern, ref(segmentPolicyID)))
	}
	key := behavior(s, "*.key", managedCachingDisabled)
	if s.ViewerProtocol != "allow-all" {
		key["ViewerProtocolPolicy"] = "https-only"
	}
	return append(out, key)
}

// behavior is that of one path pattern; the default behavior has none. Only
// responses under the manifest policy are compressed: media gains nothing, and
// its cache key would be split by encoding.
func behavior(s Spec, pattern string, policy any) object {
	manifest, _ := policy.(object)
	out := object{
		"TargetOriginId":          originMain,
		"ViewerProtocolPolicy":    s.ViewerProtocol,
		"AllowedMethods":          []string{"GET", "HEAD", "OPTIONS"},
		"CachedMethods":           []string{"GET", "HEAD"},
		"Compress":                manifest["Ref"] == manifestPolicyID,
		"CachePolicyId":           policy,
		"ResponseHeadersPolicyId": managedSimpleCORS,
	}
	if pattern != "" {
		out["PathPattern"] = pattern
	}
	if s.Failover != nil {
		out["TargetOriginId"] = originGroup
	}
	if len(s.CORSOrigins) > 0 {
		out["ResponseHeadersPolicyId"] = ref(corsPolicyID)
	}
	switch {
	case s.Signed.KeyGroup != "":
		out["TrustedKeyGroups"] = []any{s.Signed.KeyGroup}
	case s.Signed.PublicKey != "":
		out["TrustedKeyGroups"] = []any{ref(keyGroupID)}
	}
	if s.answersPreflights() {
		out["FunctionAssociations"] = []object{{
			"EventType":   "viewer-request",
			"FunctionARN": attribute(preflightID, "FunctionARN"),
		}}
	}
	return out
}

// ErrorCaching is for how long a distribution that we make keeps an error of its
// origin.
const ErrorCaching = time.Second

// errorResponses keep an error for one second only: a 404 of a segment that is
// not published yet must not outlive its publication. The schema's default for
// an entry without a lifetime is 300 s.
func errorResponses() []object {
	var out []object
	for _, code := range []int{400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504} {
		out = append(out, object{"ErrorCode": code, "ErrorCachingMinTTL": seconds(ErrorCaching)})
	}
	return out
}

func seconds(d time.Duration) int { return int(d / time.Second) }
