package player_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// wordPress stands in for WordPress: the functions that a plug-in calls, as
// WordPress documents them. It runs every plug-in beside it, and prints what the
// shortcodes of each give as JSON.
const wordPress = `<?php
define( 'ABSPATH', __DIR__ . '/' );
set_error_handler( function ( $n, $message ) { fwrite( STDERR, $message ); exit( 1 ); } );

$shortcodes = array();
$filters    = array();
$scripts    = array();
function add_action( $tag, $callback ) { if ( 'wp_enqueue_scripts' === $tag ) { $callback(); } }
function add_filter( $tag, $callback ) { global $filters; $filters[ $tag ] = $callback; }
function plugins_url( $path, $plugin ) {
	return 'https://www.example.com/wp-content/plugins/streamwatch-main/' . $path;
}
function wp_register_script( $handle, $src, $deps, $version, $in_footer ) {
	global $scripts; $scripts[ $handle ] = $src;
}
function wp_enqueue_script( $handle ) { global $scripts; if ( empty( $scripts[ $handle ] ) ) { exit( 1 ); } }
function esc_html( $text ) { return htmlspecialchars( $text, ENT_QUOTES, 'UTF-8' ); }
function add_shortcode( $tag, $callback ) {
	global $shortcodes;
	if ( preg_match( '@[<>&/\[\]\x00-\x20=]@', $tag ) ) { // as WordPress does
		fwrite( STDERR, "a shortcode's name has reserved characters" );
		exit( 1 );
	}
	$shortcodes[ $tag ] = $callback;
}
function esc_attr( $text ) { return htmlspecialchars( $text, ENT_QUOTES, 'UTF-8' ); }
function esc_url( $url ) {
	if ( ! preg_match( '@^https?://@i', $url ) ) {
		return '';
	}
	$url = preg_replace( '@[^a-z0-9-~+_.?#=!&;,/:%\@$\|*\'()\[\]\x80-\xff]@i', '', $url );
	return str_replace( array( '&', "'" ), array( '&#038;', '&#039;' ), $url );
}

$all = array();
for ( $i = 0; file_exists( __DIR__ . "/$i.php" ); $i++ ) {
	$shortcodes = array();
	ob_start();
	require __DIR__ . "/$i.php";
	$stray   = ob_get_clean();
	$printed = array();
	foreach ( $shortcodes as $tag => $callback ) {
		$printed[ $tag ] = $callback( array(), '', $tag );
	}
	$all[] = array( 'stray' => $stray, 'printed' => $printed );
}
echo json_encode( $all, JSON_THROW_ON_ERROR );
`

// shortcodes runs plug-ins and returns what the shortcodes of each print.
func shortcodes(t *testing.T, plugins [][]byte) []map[string]string {
	t.Helper()
	dir := t.TempDir()
	files := map[string][]byte{"host.php": []byte(wordPress)}
	for i, p := range plugins {
		files[fmt.Sprint(i, ".php")] = p
	}
	if _, err := player.Write(dir, "", files); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "php", filepath.Join(dir, "host.php"))
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running the plug-ins: %v", err)
	}
	var got []struct {
		Stray   string
		Printed map[string]string
	}
	if err := json.Unmarshal(out, &got); err != nil || len(got) != len(plugins) {
		t.Fatalf("%d of %d plug-ins ran: %v %.500s", len(got), len(plugins), err, out)
	}
	var all []map[string]string
	for i, one := range got {
		if one.Stray != "" {
			t.Errorf("plug-in %d prints %q by itself", i, one.Stray)
		}
		all = append(all, one.Printed)
	}
	return all
}

// The plug-in is run with every payload in every field that reaches it, and what
// it prints is shown to a browser: one player, with the title as it was written.
func TestWordPressPlugin(t *testing.T) {
	t.Parallel()
	proctest.Need(t, "php")
	var plugins [][]byte
	var inputs []rendering
	for _, r := range renderings() {
		if plugin, ok := r.files["wordpress.php"]; ok {
			plugins, inputs = append(plugins, plugin), append(inputs, r)
		}
	}
	if len(plugins) < 2*len(payloads()) { // title and event take any line of text
		t.Fatalf("only %d plug-ins", len(plugins))
	}
	var markup []string
	for i, printed := range shortcodes(t, plugins) {
		html := printed["streamwatch_main"]
		if len(printed) != 1 || html == "" {
			t.Fatalf("%s %q: shortcodes %v", inputs[i].field, inputs[i].payload, printed)
		}
		if strings.ContainsAny(html, "\r\n") || strings.Contains(html, "<script") {
			t.Errorf("%s %q: the page gets line ends or a script, which WordPress changes", inputs[i].field, inputs[i].payload)
		}
		markup = append(markup, html)
	}
	ctx := browser(t)
	open(ctx, t, "about:blank")
	got := eval[[]embedded](ctx, t, fmt.Sprintf(`%s.map((html) => {
		const box = document.createElement('div');
		box.innerHTML = html;
		document.body.replaceChildren(box);
		const e = box.firstElementChild;
		return { elements: box.querySelectorAll('*').length, name: e.localName, title: e.title,
			src: e.getAttribute('src'), text: box.textContent,
			config: typeof JSON.parse(e.getAttribute('config')) };
	})`, asJSON(t, markup)))
	for i, in := range inputs {
		want := embedded{Elements: 2, Name: "stream-watch-player", Title: "e", Src: got[i].Src, Config: "object"}
		if in.field == "title" || in.field == "event" {
			want.Title = strings.ReplaceAll(in.payload, "\x00", "\uFFFD") // HTML has no NUL
		}
		want.Text = want.Title
		if fmt.Sprint(got[i]) != fmt.Sprint(want) {
			t.Errorf("%s %q: the page gets\n%+v, want\n%+v", in.field, in.payload, got[i], want)
		}
	}
	if ran := eval[[]string](ctx, t, "new Promise((done) => setTimeout(() => done(hacked), 300))"); len(ran) > 0 {
		t.Errorf("payloads ran: %v", ran)
	}
}

// embedded is what a page has of a shortcode.
type embedded struct {
	Elements int    `json:"elements"`
	Name     string `json:"name"`
	Title    string `json:"title"`
	Src      string `json:"src"`
	Text     string `json:"text"`
	Config   string `json:"config"`
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// realWordPress runs WordPress' own filters over posts: what is saved by an
// author, and what is shown.
const realWordPress = `<?php
define( 'ABSPATH', getenv( 'WORDPRESS' ) . '/' );
define( 'WPINC', 'wp-includes' );
function wp_installing() { return false; }
function wp_cache_get() { return array( 'blog_charset' => 'UTF-8' ); }
function is_admin() { return false; }
function __( $text ) { return $text; }
function _x( $text ) { return $text; }
function get_locale() { return 'en_US'; }
function plugins_url( $path, $plugin ) {
	return 'https://www.example.com/wp-content/plugins/streamwatch-main/' . $path;
}
function wp_register_script() {}
function wp_enqueue_script() {}
foreach ( array( 'plugin', 'compat', 'functions', 'formatting', 'kses', 'shortcodes' ) as $part ) {
	require_once ABSPATH . 'wp-includes/' . $part . '.php';
}
add_filter( 'pre_option', function ( $value, $name ) { return 'blog_charset' === $name ? 'UTF-8' : '0'; }, 10, 2 );
require __DIR__ . '/wordpress.php';
do_action( 'wp_enqueue_scripts' );
$show = function ( $post ) { return do_shortcode( shortcode_unautop( wpautop( wptexturize( $post ) ) ) ); };
$element = trim( file_get_contents( __DIR__ . '/element.html' ) );
$snippet = file_get_contents( __DIR__ . '/snippet.html' );
echo json_encode( array(
	'shortcode' => $show( wp_kses_post( "Welcome\n\n[streamwatch_main]\n\nAfterwards \"quotes\" & more" ) ),
	'filtered'  => wp_kses_post( do_shortcode( '[streamwatch_main]' ) ),
	'element'   => $show( wp_kses_post( "Welcome\n\n" . $element . "\n\nAfterwards" ) ),
	'snippet'   => $show( "Welcome\n\n" . $snippet . "\n\nAfterwards" ),
), JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES );
`

// WordPress itself leaves the player whole: as a shortcode, as an element that an
// author pastes, and as the snippet that an administrator pastes.
func TestWordPressFilters(t *testing.T) {
	t.Parallel()
	proctest.Need(t, "php")
	wordpress := os.Getenv("WORDPRESS")
	if wordpress == "" {
		wordpress = "/usr/share/wordpress"
	}
	if _, err := os.Stat(filepath.Join(wordpress, "wp-includes", "formatting.php")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no WordPress in %s", wordpress)
		}
		t.Skipf("no WordPress in %s: unpack Debian's package and set WORDPRESS", wordpress)
	}
	files := render(t, benchFacts(), player.Options{Title: "Autumn & <concert> 'now'"})
	element, _, _ := strings.Cut(string(files["hlsjs.strict.snippet.html"]), "<script")
	snippet := string(files["hlsjs.snippet.html"])
	dir := t.TempDir()
	for name, text := range map[string]string{
		"wordpress.php": string(files["wordpress.php"]), "host.php": realWordPress, "element.html": element,
		"snippet.html": snippet,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "php", "-d", "error_reporting=E_ERROR", "-d", "display_errors=stderr",
		filepath.Join(dir, "host.php"))
	cmd.Stderr, cmd.Env = t.Output(), append(os.Environ(), "WORDPRESS="+wordpress)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running WordPress' filters: %v\n%s", err, out)
	}
	var got map[string]string
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %.500s", err, out)
	}
	ctx := browser(t)
	open(ctx, t, "about:blank")
	for name, html := range got {
		seen := eval[[4]string](ctx, t, fmt.Sprintf(`((html) => {
			const box = document.createElement('div');
			box.innerHTML = html;
			const e = box.querySelector('stream-watch-player');
			return e ? [
				e.getAttribute('title'), e.getAttribute('src'), typeof JSON.parse(e.getAttribute('config')).hlsjs,
				String(e.querySelectorAll('br, p').length)
			] : ['no element', html.slice(0, 300), '', ''];
		})(%s)`, asJSON(t, html)))
		if want := [4]string{"Autumn & <concert> 'now'", edgeURL, "object", "0"}; seen != want {
			t.Errorf("%s: the page gets %q, want %q", name, seen, want)
		}
	}
	_, script, _ := strings.Cut(snippet, "<script>")
	script, _, _ = strings.Cut(script, "</script>")
	if !strings.Contains(got["snippet"], script) {
		t.Error("WordPress changes the snippet's script")
	}
}
