package player

import (
	"archive/zip"
	"bytes"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"time"
)

// The WordPress plug-in: alone, and as an archive that WordPress installs.
const (
	wordpressFile = "wordpress.php"
	wordpressZip  = "wordpress.zip"
)

func (r *renderer) wordpressWanted() bool { return slices.Contains(r.opt.Kinds, IFrame) }

// wordpress writes a plug-in with one shortcode, which prints the element. Its
// script is a file of the plug-in, so nothing inline is left for WordPress to
// change: wpautop and wptexturize see a shortcode, and KSES is told of the
// element for sites that filter what shortcodes print. All that differs between
// streams is in single-quoted strings.
func (r *renderer) wordpress() ([]byte, error) {
	e := r.playable()[0]
	list, err := r.attributes(e, elsewhere)
	if err != nil {
		return nil, err
	}
	var attributes, names strings.Builder
	for _, a := range list {
		fmt.Fprintf(&attributes, "\t\t%s => %s,\n", phpString(a.Name), phpString(a.Value))
	}
	for _, n := range elementAttributes {
		fmt.Fprintf(&names, "\t\t%s => true,\n", phpString(n))
	}
	library := ""
	for _, l := range e.libraries {
		if strings.HasSuffix(l.name, ".js") {
			library = l.name
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, wordpressSource, r.stream, strings.ReplaceAll(r.stream, "-", "_"), scriptFile, runtimeVersion,
		attributes.String(), names.String(), phpString(library), phpString(r.manifest.String()), phpString(r.title()))
	return b.Bytes(), nil
}

const wordpressSource = `<?php
/**
 * Plugin Name: streamwatch: %[1]s
 * Description: The shortcode [streamwatch_%[2]s] shows the live player.
 * Version: %[4]s
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

add_action( 'wp_enqueue_scripts', function () {
	wp_register_script( 'streamwatch-player', plugins_url( '%[3]s', __FILE__ ), array(), '%[4]s', true );
} );

add_filter( 'wp_kses_allowed_html', function ( $tags ) {
	$tags['stream-watch-player'] = array(
%[6]s	);
	return $tags;
} );

add_shortcode( 'streamwatch_%[2]s', function () {
	wp_enqueue_script( 'streamwatch-player' );
	$attributes = array(
%[5]s	);
	$library = %[7]s;
	if ( '' !== $library && file_exists( __DIR__ . '/' . $library ) ) {
		$attributes['library'] = plugins_url( $library, __FILE__ );
	}
	$html = '<stream-watch-player';
	foreach ( $attributes as $name => $value ) {
		$html .= ' ' . $name . '="' . esc_attr( $value ) . '"';
	}
	return $html . '><a href="' . esc_url( %[8]s ) . '" rel="noopener">' . esc_html( %[9]s )
		. '</a></stream-watch-player>';
} );
`

// elementAttributes are those that the element reads. TestBundle holds them
// against its source.
var elementAttributes = []string{
	"src", "engine", "title", "poster", "starts", "ends", "autoplay", "muted", "lang", "dvr",
	"low-latency", "captions", "fallback", "event", "stream", "beacon", "lazy", "credentials",
	"prefer-native", "cast", "library", "library-integrity", "config",
}

// Attributes lists those of <stream-watch-player>.
func Attributes() []string { return slices.Clone(elementAttributes) }

// wordpressArchive packs the plug-in with the files that it loads.
func (r *renderer) wordpressArchive(files map[string][]byte) ([]byte, error) {
	names := []string{wordpressFile, scriptFile}
	for _, l := range r.playable()[0].libraries {
		names = append(names, l.name, l.licence)
	}
	slices.Sort(names)
	b, err := written(func(b *bytes.Buffer) error {
		z := zip.NewWriter(b)
		for _, name := range slices.Compact(names) {
			// No time of its own: the same input gives the same bytes.
			h := &zip.FileHeader{
				Name:     "streamwatch-" + r.stream + "/" + name,
				Method:   zip.Deflate,
				Modified: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
			}
			if err := addFile(z, h, name, files[name]); err != nil {
				return err
			}
		}
		return z.Close()
	})
	if err != nil {
		return nil, fmt.Errorf("packing the WordPress plug-in: %w", err)
	}
	return b, nil
}

// addFile adds a file to an archive. The players' code, which is most of it and
// the same for every stream, is compressed already.
func addFile(z *zip.Writer, h *zip.FileHeader, name string, text []byte) error {
	libraries, err := packed()
	if err != nil {
		return err
	}
	data := libraries[name]
	if own, err := script(); err != nil {
		return err
	} else if name == scriptFile {
		data = own.packed
	}
	if data == nil {
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write(text)
		}
		return err
	}
	h.CRC32, h.CompressedSize64, h.UncompressedSize64 = crc32.ChecksumIEEE(text), uint64(len(data)), uint64(len(text))
	h.ModifiedDate = (2026-1980)<<9 | 1<<5 | 1 //nolint:staticcheck // CreateRaw writes this and not Modified
	w, err := z.CreateRaw(h)
	if err == nil {
		_, err = w.Write(data)
	}
	return err
}

var phpText = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", "\uFFFD")

// phpString quotes a string for PHP. Nothing but the quote and the backslash
// means anything between single quotes; HTML, where it ends up, has no NUL.
func phpString(s string) string {
	return "'" + phpText.Replace(s) + "'"
}
