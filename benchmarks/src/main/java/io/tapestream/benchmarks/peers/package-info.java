/** What a user would run instead of Tapestream, tuned as its documentation advises. */
@NullMarked
package io.tapestream.benchmarks.peers;

import org.jspecify.annotations.NullMarked;
