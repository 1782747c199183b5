package provision

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"strings"
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
	return cachePolicy("manifest", "Live playlists: fresh within half a target duration", [3]int{1, ttl, ttl}, true,
		object{"QueryStringBehavior": "whitelist", "QueryStrings": s.manifestQueries()})
}

// manifestQueries are the query strings by which playlists are told apart: those
// of low latency (RFC 8216bis §6.2.5), those in the manifests' own addresses,
// without which two channels would share one object, and the user's.
func (s Spec) manifestQueries() []string {
	names := []string{"_HLS_msn", "_HLS_part", "_HLS_skip"}
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, manifest := range s.Manifests {
		for _, name := range queryNames(manifest) {
			add(name)
		}
	}
	for _, name := range s.QueryStrings {
		add(name)
	}
	return names
}

// queryNames returns the names in the query of an address, sorted.
func queryNames(address string) []string {
	_, query, _ := strings.Cut(address, "?")
	values, _ := url.ParseQuery(query) // what cannot be read is no name
	return slices.Sorted(maps.Keys(values))
}

func segmentPolicy(s Spec) object {
	ttl := [3]int{0, seconds(segmentTTL), seconds(segmentTTLMax)}
	if s.UniqueSegmentNames {
		ttl = [3]int{0, seconds(uniqueTTL), seconds(uniqueTTLMax)}
	}
	queries := object{"QueryStringBehavior": "none"}
	if len(s.SegmentQueries) > 0 {
		queries = object{"QueryStringBehavior": "whitelist", "QueryStrings": s.SegmentQueries}
	}
	return cachePolicy("segment", "Segments: do not change once published", ttl, false, queries)
}

// uniqueName names what is unique in the account and not in the region.
func uniqueName(what string) object { return substitute("${AWS::StackName}-${AWS::Region}-" + what) }

// cachePolicy has lifetimes (least, default, most) in seconds.
func cachePolicy(name, comment string, ttl [3]int, compress bool, queries object) object {
	return resource("AWS::CloudFront::CachePolicy", object{"CachePolicyConfig": object{
		"Name":    uniqueName(name),
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
	if s.answersPreflights() {
		to[preflightID] = preflightFunction(s)
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
		headers = credentialedHeaders()
	}
	return resource("AWS::CloudFront::ResponseHeadersPolicy", object{"ResponseHeadersPolicyConfig": object{
		"Name": uniqueName("cors"),
		"CorsConfig": object{
			"AccessControlAllowCredentials": s.Signed.on(),
			"AccessControlAllowHeaders":     object{"Items": headers},
			"AccessControlAllowMethods":     object{"Items": []string{"GET", "HEAD", "OPTIONS"}},
			"AccessControlAllowOrigins":     object{"Items": s.CORSOrigins},
			"AccessControlExposeHeaders": object{"Items": []string{
				"Age", "Content-Length", "Content-Range", "Date",
				"Server-Timing",
			}},
			"AccessControlMaxAgeSec": seconds(corsMaxAge),
			"OriginOverride":         true,
		},
		"ServerTimingHeadersConfig": object{"Enabled": true, "SamplingRate": serverTiming},
	}})
}

// addKeyGroup makes a key group of the one public key. CloudFront cannot change
// a key: another key is another resource, which the group takes up before the
// old one goes.
func addKeyGroup(s Spec, to object) {
	id := publicKeyID(s)
	name := uniqueName(strings.TrimPrefix(id, publicKeyPrefix))
	to[id] = resource("AWS::CloudFront::PublicKey", object{"PublicKeyConfig": object{
		"Name": name, "CallerReference": name, "EncodedKey": s.Signed.PublicKey,
	}})
	to[keyGroupID] = resource("AWS::CloudFront::KeyGroup", object{"KeyGroupConfig": object{
		"Name": uniqueName("viewers"), "Items": []any{ref(id)},
	}})
}

const publicKeyPrefix = "PublicKey"

// publicKeyID is the logical id of the public key, which changes with the key.
func publicKeyID(s Spec) string { return publicKeyPrefix + digest(s.Signed.PublicKey)[:12] }

// addAccessLogs delivers the access log to a log group of its own.
func addAccessLogs(s Spec, to object) {
	name := shortened(s.StackName, maxSourceName-len("-access"))
	// It outlives the stack, so each stack of a name has another one.
	id := object{"Fn::Select": []any{2, object{"Fn::Split": []any{"/", ref("AWS::StackId")}}}}
	group := resource("AWS::Logs::LogGroup", object{
		"LogGroupName":    object{"Fn::Join": []any{"/", []any{"/aws/vendedlogs/cloudfront", ref("AWS::StackName"), id}}},
		"RetentionInDays": logDays,
	})
	group["DeletionPolicy"], group["UpdateReplacePolicy"] = "Retain", "Retain"
	to["AccessLogs"] = group
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

// shortened cuts a name to a length, and keeps it unlike others that begin alike.
func shortened(name string, most int) string {
	if len(name) <= most {
		return name
	}
	return name[:most-9] + "-" + digest(name)[:8]
}

// digest names a text by its content.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
