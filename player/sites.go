package player

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// react writes a component that mounts the hls.js engine. Its configuration is
// JSON, which is JavaScript; the script's own escaping keeps it from closing
// an element when the component is rendered on a server.
func (r *renderer) react() ([]byte, error) {
	block, err := r.configBlock(HLSJS)
	if err != nil {
		return nil, err
	}
	attributes := ""
	if r.opt.Autoplay == Muted {
		attributes = " muted"
	}
	if r.opt.Poster != "" {
		poster, err := json.Marshal(r.opt.Poster)
		if err != nil {
			return nil, fmt.Errorf("writing the poster: %w", err)
		}
		attributes += " poster={" + string(poster) + "}"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `// React component for stream %[1]s: npm install hls.js@%[2]s, and keep
// streamwatch-hlsjs.js and streamwatch.css beside this file.
import { useEffect, useRef } from 'react';
import Hls from 'hls.js';
import './streamwatch-hlsjs.js';
import './streamwatch.css';

const config = %[3]s;

export default function LivePlayer() {
  const root = useRef(null);
  useEffect(() => {
    window.Hls = Hls;
    const player = window.streamwatch.hlsjs(root.current, config);
    return () => player.destroy();
  }, []);
  return (
    <div className="streamwatch" ref={root} role="region" aria-label={config.title} style={{ aspectRatio: '%[4]d / %[5]d' }}>
      <video aria-label={config.title} playsInline controls%[6]s preload="none" />
    </div>
  );
}
`, r.stream, hlsVersion, block, r.width, r.height, attributes)
	return b.Bytes(), nil
}

// wordpress writes a plug-in with one shortcode, which prints the iframe. All
// that differs is in single-quoted strings; the style is in a format of PHP's too.
func (r *renderer) wordpress() ([]byte, error) {
	d := r.frame()
	var b bytes.Buffer
	fmt.Fprintf(&b, `<?php
/**
 * Plugin Name: streamwatch: %[1]s
 * Description: The shortcode [streamwatch_%[2]s] shows the live player.
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

add_shortcode( 'streamwatch_%[2]s', function () {
	return sprintf(
		'<iframe src="%%s" title="%%s" width="%[3]d" height="%[4]d" style="%[5]s" allow="autoplay; fullscreen; picture-in-picture; encrypted-media" allowfullscreen loading="lazy" referrerpolicy="strict-origin-when-cross-origin" sandbox="%[6]s"></iframe>',
		esc_url( %[7]s ),
		esc_attr( %[8]s )
	);
} );
`, r.stream, strings.ReplaceAll(r.stream, "-", "_"), d.Width, d.Height, strings.ReplaceAll(r.frameStyle(), "%", "%%"), d.Sandbox, phpString(d.Frame), phpString(d.Title))
	return b.Bytes(), nil
}

// phpString quotes a string for PHP. Nothing but the quote and the backslash
// means anything between single quotes.
func phpString(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// headers writes the policies and what the CDN must answer, to be copied into a
// server's configuration.
func (r *renderer) headers() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# The pages carry their policy in a meta element. As a header it also says who may frame them.\n")
	for _, e := range r.playable() {
		policy, err := r.pagePolicy(e)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "\n%s.html\n  Content-Security-Policy: %s; %s\n", e.kind, policy, r.frameAncestors())
	}
	b.WriteString(`
# A page with a pasted snippet needs the same sources in its own policy.

# The CDN, with every playlist, segment and key, and with every error:
  Access-Control-Allow-Origin: *
  Access-Control-Allow-Methods: GET, HEAD, OPTIONS
  Access-Control-Expose-Headers: Date, Age, X-Cache, Content-Length, Content-Range, Server-Timing, X-Amz-Cf-Pop
  Timing-Allow-Origin: *
# CloudFront: a response headers policy with override, and an error caching minimum TTL of 1 s
# for 403, 404 and 5xx. The default of 10 s makes a playlist that was asked for too early a 404 for ten.
`)
	if r.opt.Credentials {
		b.WriteString("# Cookies: name the page's origin instead of *, and add Access-Control-Allow-Credentials: true and Vary: Origin.\n")
	}
	return b.Bytes(), nil
}
