package provision

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Lifetimes of segments at the edge. A live edge only reads minutes back; the
// short one protects against encoders that use names again after a restart.
const (
	segmentTTL     = time.Hour
	segmentTTLMax  = 24 * time.Hour
	uniqueTTL      = 24 * time.Hour
	uniqueTTLMax   = 14 * 24 * time.Hour
	logDays        = 30
	serverTiming   = 100 // percent of responses with a Server-Timing header
	corsMaxAge     = 10 * time.Minute
	maxSourceName  = 60 // characters in the name of a log delivery source
	maxReadTimeout = 2 * time.Minute
)

// manifestTTL is half a target duration: the newest playlist reaches viewers
// before the next is due. It is never below a second, in which concurrent
// requests of all viewers become one.
func (s Spec) manifestTTL() int {
	if s.LowLatency {
		return 1
	}
	return max(1, int(s.TargetDuration/2/time.Second))
}

// manifestPolicy sets the longest lifetime to the default one, so that no header
// of the origin can freeze a live playlist; the shortest is a second, also
// where a packager says no-cache.
func manifestPolicy(s Spec) object {
	ttl := s.manifestTTL()
	queries := append([]string{"_HLS_msn", "_HLS_part", "_HLS_skip"}, s.QueryStrings...)
	return cachePolicy("manifest", "Live playlists: fresh within half a target duration", [3]int{1, ttl, ttl}, true,
		object{"QueryStringBehavior": "whitelist", "QueryStrings": queries})
}

func segmentPolicy(s Spec) object {
	ttl := [3]int{0, seconds(segmentTTL), seconds(segmentTTLMax)}
	if s.UniqueSegmentNames {
		ttl = [3]int{0, seconds(uniqueTTL), seconds(uniqueTTLMax)}
	}
	return cachePolicy("segment", "Segments: do not change once published", ttl, false, object{"QueryStringBehavior": "none"})
}

// cachePolicy has lifetimes (least, default, most) in seconds.
func cachePolicy(name, comment string, ttl [3]int, compress bool, queries object) object {
	return resource("AWS::CloudFront::CachePolicy", object{"CachePolicyConfig": object{
		"Name":    substitute("${AWS::StackName}-" + name), // unique in the account
		"Comment": comment,
		"MinTTL":  ttl[0], "DefaultTTL": ttl[1], "MaxTTL": ttl[2],
		"ParametersInCacheKeyAndForwardedToOrigin": object{
			"EnableAcceptEncodingGzip": compress, "EnableAcceptEncodingBrotli": compress,
			"HeadersConfig":      object{"HeaderBehavior": "none"},
			"CookiesConfig":      object{"CookieBehavior": "none"},
			"QueryStringsConfig": queries,
		},
	}})
}

// addOptional adds the resources that an option asks for.
func addOptional(s Spec, to object) {
	if len(s.CORSOrigins) > 0 {
		to[corsPolicyID] = corsPolicy(s)
	}
	if s.AdditionalMetrics {
		to["Metrics"] = resource("AWS::CloudFront::MonitoringSubscription", object{
			"DistributionId": ref(distributionID),
			"MonitoringSubscription": object{
				"RealtimeMetricsSubscriptionConfig": object{"RealtimeMetricsSubscriptionStatus": "Enabled"},
			},
		})
	}
	if s.Signed.PublicKey != "" {
		addKeyGroup(s, to)
	}
	if s.AccessLogs {
		addAccessLogs(s, to)
	}
}

// corsPolicy allows the listed pages only. Signed cookies cross origins only
// with credentials, and then a browser takes no wildcard for headers.
func corsPolicy(s Spec) object {
	headers := []string{"*"}
	if s.Signed.on() {
		headers = []string{"Range", "Cache-Control", "If-None-Match", "If-Modified-Since"}
	}
	return resource("AWS::CloudFront::ResponseHeadersPolicy", object{"ResponseHeadersPolicyConfig": object{
		"Name": substitute("${AWS::StackName}-cors"),
		"CorsConfig": object{
			"AccessControlAllowCredentials": s.Signed.on(),
			"AccessControlAllowHeaders":     object{"Items": headers},
			"AccessControlAllowMethods":     object{"Items": []string{"GET", "HEAD", "OPTIONS"}},
			"AccessControlAllowOrigins":     object{"Items": s.CORSOrigins},
			"AccessControlExposeHeaders":    object{"Items": []string{"Age", "Content-Length", "Content-Range", "Date", "Server-Timing"}},
			"AccessControlMaxAgeSec":        seconds(corsMaxAge),
			"OriginOverride":                true,
		},
		"ServerTimingHeadersConfig": object{"Enabled": true, "SamplingRate": serverTiming},
	}})
}

// addKeyGroup makes a key group of the one public key. CloudFront cannot change
// a key: another key is another resource, which the group takes up before the
// old one goes.
func addKeyGroup(s Spec, to object) {
	id := digest(s.Signed.PublicKey)[:12]
	name := substitute("${AWS::StackName}-" + id)
	to["PublicKey"+id] = resource("AWS::CloudFront::PublicKey", object{"PublicKeyConfig": object{
		"Name": name, "CallerReference": name, "EncodedKey": s.Signed.PublicKey,
	}})
	to[keyGroupID] = resource("AWS::CloudFront::KeyGroup", object{"KeyGroupConfig": object{
		"Name": substitute("${AWS::StackName}-viewers"), "Items": []any{ref("PublicKey" + id)},
	}})
}

// addAccessLogs delivers the access log to a log group of its own.
func addAccessLogs(s Spec, to object) {
	name := s.StackName
	if len(name) > maxSourceName-7 {
		name = name[:maxSourceName-7-9] + "-" + digest(name)[:8]
	}
	to["AccessLogs"] = resource("AWS::Logs::LogGroup", object{
		"LogGroupName": substitute("/aws/vendedlogs/cloudfront/${AWS::StackName}"), "RetentionInDays": logDays,
	})
	to["AccessLogSource"] = resource("AWS::Logs::DeliverySource", object{
		"Name": name + "-access", "LogType": "ACCESS_LOGS",
		"ResourceArn": substitute("arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Distribution}"),
	})
	to["AccessLogDestination"] = resource("AWS::Logs::DeliveryDestination", object{
		"Name": name + "-access", "OutputFormat": "json", "DestinationResourceArn": attribute("AccessLogs", "Arn"),
	})
	to["AccessLogDelivery"] = resource("AWS::Logs::Delivery", object{
		"DeliverySourceName": ref("AccessLogSource"), "DeliveryDestinationArn": attribute("AccessLogDestination", "Arn"),
	})
}

// digest names a text by its content.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
