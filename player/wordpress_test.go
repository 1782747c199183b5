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
)

// wordPress stands in for WordPress: the functions that the plug-in calls, as
// WordPress documents them. It prints what each shortcode gives as JSON.
const wordPress = `<?php
define( 'ABSPATH', __DIR__ . '/' );
set_error_handler( function ( $n, $message ) { fwrite( STDERR, $message ); exit( 1 ); } );

$shortcodes = array();
$filters    = array();
$scripts    = array();
function add_action( $tag, $callback ) { if ( 'wp_enqueue_scripts' === $tag ) { $callback(); } }
function add_filter( $tag, $callback ) { global $filters; $filters[ $tag ] = $callback; }
function plugins_url( $path, $plugin ) { return 'https://www.example.com/wp-content/plugins/streamwatch-main/' . $path; }
function wp_register_script( $handle, $src, $deps, $version, $in_footer ) { global $scripts; $scripts[ $handle ] = $src; }
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

ob_start();
require __DIR__ . '/wordpress.php';
$stray = ob_get_clean();
$printed = array();
foreach ( $shortcodes as $tag => $callback ) {
	$printed[ $tag ] = $callback( array(), '', $tag );
}
echo json_encode( array( 'stray' => $stray, 'printed' => $printed ), JSON_THROW_ON_ERROR );
`

// shortcodes runs a plug-in and returns what its shortcodes print.
func shortcodes(t *testing.T, plugin []byte) map[string]string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"wordpress.php": string(plugin), "host.php": wordPress} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "php", "-l", filepath.Join(dir, "wordpress.php")).CombinedOutput(); err != nil {
		t.Fatalf("php -l: %v\n%s\n%s", err, out, plugin)
	}
	cmd := exec.CommandContext(t.Context(), "php", filepath.Join(dir, "host.php"))
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running the plug-in: %v\n%s", err, plugin)
	}
	var got struct {
		Stray   string
		Printed map[string]string
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got.Stray != "" {
		t.Errorf("the plug-in prints %q by itself", got.Stray)
	}
	return got.Printed
}

// The plug-in is run with every payload in every field that reaches it, and what
// it prints is shown to a browser: one player, with the title as it was written.
func TestWordPressPlugin(t *testing.T) {
	need(t, "php")
	ctx := browser(t)
	open(ctx, t, "about:blank")
	eval[any](ctx, t, `window.hacked = []; window.alert = (x) => hacked.push(x);`)
	ran := 0
	for name, field := range fields() {
		for _, p := range payloads() {
			files, refused := hostile(p, player.CDN, func(in *hostileInput, s string) {
				in.opt.Base = "https://player.example.com/main"
				field(in, s)
			})
			plugin, ok := files["wordpress.php"]
			if refused || !ok {
				continue
			}
			ran++
			printed := shortcodes(t, plugin)
			if len(printed) != 1 || printed["streamwatch_main"] == "" {
				t.Fatalf("%s %q: shortcodes %v", name, p, printed)
			}
			got := eval[embedded](ctx, t, fmt.Sprintf(`((html) => {
				const box = document.createElement('div');
				box.innerHTML = html;
				document.body.replaceChildren(box);
				const e = box.firstElementChild;
				return { elements: box.querySelectorAll('*').length, name: e.localName, title: e.title, src: e.getAttribute('src'), text: box.textContent,
					config: typeof JSON.parse(e.getAttribute('config')), hacked: hacked.map(String) };
			})(%s)`, asJSON(t, printed["streamwatch_main"])))
			want := embedded{Elements: 2, Name: "stream-watch-player", Title: "e", Src: got.Src, Config: "object", Hacked: []string{}}
			if name == "title" || name == "event" {
				want.Title = strings.ReplaceAll(p, "\x00", "\uFFFD") // HTML has no NUL
			}
			want.Text = want.Title
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s %q: the page gets\n%+v, want\n%+v", name, p, got, want)
			}
			if strings.ContainsAny(printed["streamwatch_main"], "\r\n") || strings.Contains(printed["streamwatch_main"], "<script") {
				t.Errorf("%s %q: the page gets line ends or a script, which WordPress changes", name, p)
			}
		}
	}
	if ran < 2*len(payloads()) { // title and event take any line of text
		t.Errorf("only %d plug-ins ran", ran)
	}
	t.Logf("%d plug-ins ran", ran)
}

// embedded is what a page has of a shortcode.
type embedded struct {
	Elements int      `json:"elements"`
	Name     string   `json:"name"`
	Title    string   `json:"title"`
	Src      string   `json:"src"`
	Text     string   `json:"text"`
	Config   string   `json:"config"`
	Hacked   []string `json:"hacked"`
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
