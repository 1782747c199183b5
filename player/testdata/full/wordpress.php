<?php
/**
 * Plugin Name: streamwatch: main
 * Description: The shortcode [streamwatch_main] shows the live player.
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

add_shortcode( 'streamwatch_main', function () {
	return sprintf(
		'<iframe src="%s" title="%s" width="640" height="360" style="border:0;width:100%%;height:auto;aspect-ratio:16/9" allow="autoplay; fullscreen; picture-in-picture; encrypted-media" allowfullscreen loading="lazy" referrerpolicy="strict-origin-when-cross-origin" sandbox="allow-scripts"></iframe>',
		esc_url( 'https://player.example.com/main/hlsjs.html' ),
		esc_attr( 'Autumn <concert> & "friends"' )
	);
} );
