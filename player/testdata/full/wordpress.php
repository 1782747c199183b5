<?php
/**
 * Plugin Name: streamwatch: main
 * Description: The shortcode [streamwatch_main] shows the live player.
 * Version: 1.0.0
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

add_action( 'wp_enqueue_scripts', function () {
	wp_register_script( 'streamwatch-player', plugins_url( 'streamwatch-player.js', __FILE__ ), array(), '1.0.0', true );
} );

add_filter( 'wp_kses_allowed_html', function ( $tags ) {
	$tags['stream-watch-player'] = array(
		'src' => true,
		'engine' => true,
		'title' => true,
		'poster' => true,
		'starts' => true,
		'ends' => true,
		'autoplay' => true,
		'muted' => true,
		'lang' => true,
		'dvr' => true,
		'low-latency' => true,
		'captions' => true,
		'fallback' => true,
		'event' => true,
		'stream' => true,
		'beacon' => true,
		'lazy' => true,
		'credentials' => true,
		'prefer-native' => true,
		'cast' => true,
		'library' => true,
		'library-integrity' => true,
		'config' => true,
	);
	return $tags;
} );

add_shortcode( 'streamwatch_main', function () {
	wp_enqueue_script( 'streamwatch-player' );
	$attributes = array(
		'engine' => 'hlsjs',
		'src' => 'https://d111111abcdef8.cloudfront.net/myStream/playlist.m3u8',
		'title' => 'Autumn <concert> & "friends"',
		'autoplay' => 'muted',
		'muted' => '',
		'event' => 'autumn-concert',
		'stream' => 'main',
		'poster' => 'https://img.example.com/poster.jpg',
		'starts' => '2026-11-28T19:00:00Z',
		'captions' => 'en',
		'beacon' => 'https://monitor.example.com/beacon',
		'config' => '{"dvr":false,"fastest":1.1,"hlsjs":{"abrEwmaDefaultEstimate":744000,"backBufferLength":30,"capLevelOnFPSDrop":true,"capLevelToPlayerSize":true,"captionsTextTrack1Label":"English","captionsTextTrack1LanguageCode":"en","cmcd":{"contentId":"autumn-concert/main","useHeaders":false},"errorPenaltyExpireMs":30000,"fragLoadPolicy":{"default":{"errorRetry":{"maxNumRetry":6,"maxRetryDelayMs":2000,"retryDelayMs":500},"maxLoadTimeMs":10000,"maxTimeToFirstByteMs":4000,"timeoutRetry":{"maxNumRetry":6,"maxRetryDelayMs":0,"retryDelayMs":0}}},"liveDurationInfinity":true,"liveMaxLatencyDuration":12,"liveSyncDuration":6,"lowLatencyMode":false,"manifestLoadPolicy":{"default":{"errorRetry":{"maxNumRetry":0,"maxRetryDelayMs":0,"retryDelayMs":0},"maxLoadTimeMs":20000,"maxTimeToFirstByteMs":10000,"timeoutRetry":{"maxNumRetry":0,"maxRetryDelayMs":0,"retryDelayMs":0}}},"maxDevicePixelRatio":2,"maxLiveSyncPlaybackRate":1,"playlistLoadPolicy":{"default":{"errorRetry":{"maxNumRetry":1000,"maxRetryDelayMs":900,"retryDelayMs":900},"maxLoadTimeMs":10000,"maxTimeToFirstByteMs":4000,"timeoutRetry":{"maxNumRetry":1000,"maxRetryDelayMs":0,"retryDelayMs":0}}}},"hold_back":6,"jump_after":6,"jump_pause":5,"libraries":{"hlsjs":[{"url":"https://cdn.jsdelivr.net/npm/hls.js@1.7.4/dist/hls.min.js","integrity":"sha384-p9vgU/7IYJWd3I4STrtqxqR/2cAQlhIX7D/HrTnIMEjjcUox165b7se7sxmm3zDg"},{"url":"https://player.example.com/main/hls.min.js"}],"hlsjs_version":"1.7.4","videojs_version":"8.24.1"},"page":"https://player.example.com/main/hlsjs.html","qr":{"size":29,"bits":"/jF7/BVJ0G6GaLt0YGXbqvMuwSXJB/qqr+ACjwCqJFiXKkRyQOSz76pb4ym43HX2W0UkDeIPdiav6rI1+lrPRHNs0hEmkg3tqmVc+ABQDF/5QmtwTp0bupPPhdAGje6piHMETtIv6V3tgA=="},"ratio":"16 / 9","slowest":0.5,"stall_jump":2,"target_duration":2,"target_latency":6,"tolerance":3,"watchdog":15}',
	);
	$library = 'hls.min.js';
	if ( '' !== $library && file_exists( __DIR__ . '/' . $library ) ) {
		$attributes['library'] = plugins_url( $library, __FILE__ );
	}
	$html = '<stream-watch-player';
	foreach ( $attributes as $name => $value ) {
		$html .= ' ' . $name . '="' . esc_attr( $value ) . '"';
	}
	return $html . '><a href="' . esc_url( 'https://d111111abcdef8.cloudfront.net/myStream/playlist.m3u8' ) . '" rel="noopener">' . esc_html( 'Autumn <concert> & "friends"' )
		. '</a></stream-watch-player>';
} );
