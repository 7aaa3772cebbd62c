/**
 * Following a directory of published versions: check, warm up, swap; what a downstream service
 * embeds.
 */
@NullMarked
package io.tapestream.serving.follow;

import org.jspecify.annotations.NullMarked;
